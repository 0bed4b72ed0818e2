// Imported before everything else, so that an old Node.js says this instead of failing over what it does not know.
const OLDEST_MAJOR = 20;
const OLDEST_MINOR = 17;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < OLDEST_MAJOR || (major === OLDEST_MAJOR && minor < OLDEST_MINOR)) {
  const expected = `${OLDEST_MAJOR}.${OLDEST_MINOR}`;
  console.error(
    `expected Node.js ${expected} or later, found ${process.versions.node} (${process.execPath})`,
  );
  console.error("Install a newer one: https://nodejs.org/en/download");
  process.exit(1);
}
