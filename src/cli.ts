import { Command, CommanderError, Option } from "commander";
import { EXIT, type ExitCode, SIGNAL_EXIT } from "../protocol/error-codes.js";
import { addBenchEngineOptions } from "./commands/bench-engine-options.js";
import { addBenchFilesOptions } from "./commands/bench-files-options.js";
import { addBenchFleetOptions } from "./commands/bench-fleet-options.js";
import { addBenchPeersOptions } from "./commands/bench-peers-options.js";
import { addBenchPipelineOptions } from "./commands/bench-pipeline-options.js";
import { addConformanceOptions } from "./commands/conformance-options.js";
import { addEngineOptions, modelNoiseOption, modelScaleOption } from "./commands/engine-options.js";
import { addEvaluateOptions } from "./commands/evaluate-options.js";
import { addImageOptions, integerFrom } from "./commands/image-options.js";
import { addPackOptions } from "./commands/pack-options.js";
import { addLogOptions } from "./commands/program-log.js";
import { addQuantizeOptions } from "./commands/quantize-options.js";
import { runProgram } from "./commands/run-program.js";
import { addStageOptions } from "./commands/stage-options.js";
import { addUpscaleOptions } from "./commands/upscale-options.js";
import { warmUp } from "./engine/warm-up.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "./version.js";

// Each command is imported when it runs: by then standard output is guarded, and the others cost no start-up time.

let running: Promise<ExitCode> | null = null;

const program = new Command(PROGRAM_NAME)
  .description(
    "Upscales comic pages with ncnn on Vulkan or the CPU. Results go to stdout or files, all else to stderr.",
  )
  .version(PROGRAM_VERSION)
  .showHelpAfterError("(--help shows the options)")
  .exitOverride()
  .enablePositionalOptions()
  .addHelpText(
    "after",
    `\nExit codes: ${EXIT.ok} done, ${EXIT.failure} an input failed, ${EXIT.usage} wrong command line, ${EXIT.noDevice} no usable device, ${EXIT.internal} internal fault,\n  ${EXIT.replaceMe} device lost, start a new process, ${EXIT.protocol} the peer broke the protocol,\n  ${Object.values(SIGNAL_EXIT).join(", ")} ended by ${Object.keys(SIGNAL_EXIT).join(", ")}.`,
  );

const worker = program
  .command("worker", { isDefault: true })
  .description("serve a reader over stdin and stdout, see protocol/PROTOCOL.md (the default command)")
  .addOption(new Option("--mode <mode>", "how the worker is spoken to").choices(["stdin"]).default("stdin"))
  .option("--keep-alive", "serve until the input ends; the worker always does", true)
  .option("--supervise", "put a supervisor in front of a single device, too", false)
  .option("--describe", "print what 'describe' prints instead of serving", false);
addLogOptions(addStageOptions(addEngineOptions(worker, "several")), "info").action(
  ({ describe, supervise, ...options }) => {
    if (describe) {
      startDescribe();
      return;
    }
    running = runProgram(async (stdout) => {
      if (supervise || typeof options.gpuId === "object") {
        return (await import("./commands/supervise.js")).runSupervisor(options, stdout);
      }
      // Its GPU is opened by start-driver.cts, since before this module was read.
      return (await import("./commands/worker.js")).runWorker(options, stdout);
    });
  },
);

function startDescribe(): void {
  running = runProgram(async ({ stream }) => (await import("./commands/describe.js")).runDescribe(stream));
}

program
  .command("describe")
  .description("print the protocol as JSON: versions, features, limits, error codes and message schemas")
  .action(startDescribe);

const upscale = program
  .command("upscale")
  .description("upscale images, folders and comic archives into files or archives, see docs/batch.md");
addUpscaleOptions(addLogOptions(addImageOptions(addEngineOptions(upscale, "several")), "warn")).action(
  (inputs, options) => {
    running = runProgram(async (stdout) => {
      if (typeof options.gpuId !== "object") warmUp(options.gpuId);
      return (await import("./commands/upscale.js")).runUpscale(inputs, options, stdout);
    });
  },
);

const pipe = program
  .command("pipe")
  .description("upscale one image, or JPEG files one after another, from stdin to stdout or into a folder")
  .addOption(
    new Option("--out-dir <folder>", "write page-0001.webp, page-0002.webp ... there").default(
      null,
      "results one after another on stdout",
    ),
  );
addLogOptions(addImageOptions(addEngineOptions(pipe)), "warn").action((options) => {
  running = runProgram(async (stdout) => {
    warmUp(options.gpuId);
    return (await import("./commands/pipe.js")).runPipe(options, stdout);
  });
});

const pack = program
  .command("pack")
  .description("write a worker's requests for image files to stdout: pack *.jpg | worker | unpack -o out");
addPackOptions(pack).action((files, options) => {
  running = runProgram(async (stdout) =>
    (await import("./commands/pack.js")).runPack(files, options, stdout),
  );
});

const unpack = program
  .command("unpack")
  .description("write a worker's answers on stdin into files, named as those that were packed")
  .requiredOption("-o, --output <folder>", "where the files go; made when it is not there");
addLogOptions(unpack, "warn").action((options) => {
  running = runProgram(async () => (await import("./commands/unpack.js")).runUnpack(options));
});

program
  .command("devices")
  .description("list the devices that --gpu-id can name; a star marks the one that 'auto' takes")
  .option("--json", "as JSON", false)
  .action((options) => {
    running = runProgram(async ({ stream }) =>
      (await import("./commands/devices.js")).runDevices(options, stream),
    );
  });

const demo = program
  .command("demo")
  .description(
    "spawn a worker, send it a page over the protocol and keep the answer and a before/after picture",
  )
  .argument("[page]", "an image file instead of the page that comes with the program")
  .option("-o, --output <folder>", "where the pictures go", "demo-output");
addEngineOptions(demo).action((page, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/demo.js")).runDemo({ page, ...options }, stream),
  );
});

const bench = program
  .command("bench")
  .description("time pages through a spawned worker, one at a time and all at once")
  .argument("[pages...]", "image files instead of the page that comes with the program")
  .addOption(
    new Option("--count <pages>", "pages sent at once").argParser(integerFrom(1, 10_000)).default(20),
  )
  .addOption(
    new Option("--effort <0-6>", "WebP effort").argParser(integerFrom(0, 6)).default(null, "the worker's"),
  )
  .addOption(new Option("--json <file>", "also write everything as JSON").default(null, "none"));
addEngineOptions(bench, "several").action((pages, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/bench.js")).runBench({ pages, ...options }, stream),
  );
});

const benchPipeline = bench
  .command("pipeline")
  .description(
    "measure the worker's stages in this process: their costs, how far they overlap, and what that could reach",
  );
addBenchPipelineOptions(benchPipeline).action((pages, options) => {
  running = runProgram(async ({ stream }) => {
    warmUp(options.gpuId);
    return (await import("./commands/bench-pipeline.js")).runBenchPipeline({ pages, ...options }, stream);
  });
});

const benchEngine = bench
  .command("engine")
  .description(
    "measure models on one device without a worker: network, crossing, memory and exactness, as tables",
  );
addBenchEngineOptions(benchEngine).action((pages, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/bench-engine.js")).runBenchEngine({ pages, ...options }, stream),
  );
});

const benchFleet = bench
  .command("fleet")
  .description("compare one device with several, a process each, through spawned workers, as tables");
addBenchFleetOptions(benchFleet).action((pages, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/bench-fleet.js")).runBenchFleet({ pages, ...options }, stream),
  );
});

const benchPeers = bench
  .command("peers")
  .description(
    "compare with sr-vulkan, which is installed for it: the same pages and published models, as tables",
  );
addBenchPeersOptions(benchPeers).action((pages, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/bench-peers.js")).runBenchPeers({ pages, ...options }, stream, process.stderr),
  );
});

const benchFiles = bench
  .command("files")
  .description("compare ways to read and write page files: one by one, ahead and behind, and with io_uring");
addBenchFilesOptions(benchFiles).action((options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/bench-files.js")).runBenchFiles(options, stream, process.stderr),
  );
});

const models = program
  .command("models")
  .description("list the models that come with the program, or examine one");
models
  .command("list", { isDefault: true })
  .description("list the models; a star marks the default one")
  .option("--json", "as JSON", false)
  .action((options) => {
    running = runProgram(async ({ stream }) =>
      (await import("./commands/models.js")).runModelList(options, stream),
    );
  });
models
  .command("info")
  .description("show everything that is recognised of a model")
  .argument("<model>", "name, folder, FILE.param or FILE.bin")
  .addOption(modelScaleOption())
  .addOption(modelNoiseOption())
  .option("--json", "as JSON", false)
  .action((model, options) => {
    running = runProgram(async ({ stream }) =>
      (await import("./commands/models.js")).runModelInfo(model, options, stream),
    );
  });

models
  .command("verify")
  .description("hold the models that come with the program against their manifest; 1 on the first difference")
  .argument("[models...]", "names, all of them without")
  .action((names) => {
    running = runProgram(async ({ stream }) =>
      (await import("./commands/models.js")).runModelVerify(names, stream),
    );
  });
models
  .command("convert")
  .description("write a model with its weights stored as fp16, half the file, or as fp32")
  .argument("<model>", "name, folder, FILE.param or FILE.bin")
  .requiredOption("-o, --output <file>", "FILE.param and FILE.bin are written")
  .addOption(new Option("--storage <kind>", "of the weights").choices(["fp16", "fp32"]).default("fp16"))
  .addOption(modelScaleOption())
  .addOption(modelNoiseOption())
  .action((model, options) => {
    running = runProgram(async ({ stream }) =>
      (await import("./commands/convert-model.js")).runModelConvert(model, options, stream),
    );
  });
const quantize = models
  .command("quantize")
  .description("make a model int8, and write it if its results stay near those of the float model");
addQuantizeOptions(quantize).action((model, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/quantize-model.js")).runModelQuantize(model, options, stream),
  );
});
const evaluate = models
  .command("evaluate")
  .description(
    "shrink images, enlarge them with models and compare with what they were: PSNR, SSIM and seconds as tables",
  );
addLogOptions(addEvaluateOptions(evaluate), "warn").action((names, options) => {
  running = runProgram(async ({ stream }) => {
    warmUp(options.gpuId);
    return (await import("./commands/evaluate-models.js")).runEvaluateModels(
      { ...options, models: names },
      stream,
    );
  });
});

const conformance = program
  .command("conformance")
  .description("hold a worker or a client against the protocol, see protocol/conformance/README.md");
addConformanceOptions(conformance).action((command, options) => {
  running = runProgram(async ({ stream }) =>
    (await import("./commands/conformance.js")).runConformance(options, command, stream),
  );
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
if (running !== null) process.exit(await running);
