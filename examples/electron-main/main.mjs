// node main.mjs CACHE-FOLDER PAGE... [-- WORKER-COMMAND...]
//
// What belongs into the main process of an Electron reader; it runs without Electron, too. There, `show` would be the
// answer to the renderer: ipcMain.handle("turn-to", (_event, index) => show(index)).
import { UpscaleClient } from "bdreader-ncnn-upscaler";
import { UpscaledBook } from "./upscaled-book.mjs";

const [own, command] = splitAt(process.argv.slice(2), "--");
const [cacheFolder, ...pages] = own;
if (cacheFolder === undefined || pages.length === 0) {
  process.stderr.write("usage: node main.mjs CACHE-FOLDER PAGE... [-- WORKER-COMMAND...]\n");
  process.exit(64);
}

// One worker for the whole program; it is replaced when it dies, and ends when this process does.
const [program, ...args] = command;
const client = UpscaleClient.spawn(program === undefined ? {} : { command: { command: program, args } });
client.on("lost", ({ reason }) => process.stderr.write(`the worker is lost: ${reason}\n`));

const book = new UpscaledBook(client, pages, cacheFolder);

async function show(index) {
  try {
    const { path, from } = await book.turnTo(index);
    return `${path} (from the ${from})`;
  } catch (error) {
    return `${pages[index]} (the original: ${error.message})`;
  }
}

for (const index of pages.keys()) process.stdout.write(`page ${index + 1}: ${await show(index)}\n`);
// In Electron: app.on("before-quit", ...) with mode "now".
await client.close();

function splitAt(values, separator) {
  const place = values.indexOf(separator);
  return place < 0 ? [values, []] : [values.slice(0, place), values.slice(place + 1)];
}
