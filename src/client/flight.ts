/** How much may be in flight at a worker. */
export interface FlightLimits {
  readonly requests: number;
  /** Of input images. */
  readonly bytes: number;
}

/** A request as far as its stay at a worker is concerned. */
export interface Passenger {
  readonly data: Uint8Array;
  /** The id at the worker; null while no worker has the request. */
  id: number | null;
  /** How often a worker was lost, perhaps for this request, while it had it. */
  readonly crashes: number;
}

/**
 * The requests at one worker, with what they take up there. A request whose caller has its answer stays until the worker
 * has answered it.
 */
export class Flight<Request extends Passenger> {
  readonly #requests = new Map<number, Request>();
  #bytes = 0;

  get size(): number {
    return this.#requests.size;
  }

  list(): readonly Request[] {
    return [...this.#requests.values()];
  }

  /**
   * Whether the worker may be given this request beside what it has. One that was at a worker when it crashed goes
   * alone, so that a second crash tells which of several was the cause.
   */
  fits(request: Passenger, limits: FlightLimits): boolean {
    const [first] = this.#requests.values();
    // One that is too large for the worker by itself gets its answer from the worker.
    if (first === undefined) return true;
    if (request.crashes > 0 || first.crashes > 0) return false;
    return this.size < limits.requests && this.#bytes + request.data.byteLength <= limits.bytes;
  }

  begin(request: Request, id: number): void {
    request.id = id;
    this.#requests.set(id, request);
    this.#bytes += request.data.byteLength;
  }

  find(id: number): Request | undefined {
    return this.#requests.get(id);
  }

  /** The worker has answered: the id and the room are free again. */
  end(id: number): Request | undefined {
    const request = this.#requests.get(id);
    if (request === undefined) return undefined;
    this.#requests.delete(id);
    this.#bytes -= request.data.byteLength;
    request.id = null;
    return request;
  }

  /** Removes and returns everything that the worker had. */
  takeAll(): Request[] {
    return [...this.#requests.keys()].flatMap((id) => this.end(id) ?? []);
  }
}
