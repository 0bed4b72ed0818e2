import type { ReadyMessage } from "../../protocol/messages.js";
import type { FleetChild } from "./fleet-child.js";

type Named = Pick<FleetChild, "label" | "ready">;

/** Tells devices of one name apart: several GPUs of one kind all call themselves the same. */
export class DeviceNames {
  readonly #children: readonly Named[];

  constructor(children: readonly Named[]) {
    this.#children = children;
  }

  /**
   * @param name as the worker gives it
   * @returns the name as it is where it is the only one, else with what the worker is called: "Some GPU (gpu 1)"
   */
  of(name: string, child: Named): string {
    const isShared = this.#children.some(
      (other) => other !== child && other.ready?.devices.some((device) => device.name === name),
    );
    return isShared ? `${name} (${child.label})` : name;
  }

  /** @returns the devices of all workers that have said what they are */
  get devices(): ReadyMessage["devices"] {
    return this.#children.flatMap((child) =>
      (child.ready?.devices ?? []).map((device) => ({ ...device, name: this.of(device.name, child) })),
    );
  }
}
