/** Debian's names of the folders that hold one processor family's libraries. */
const TRIPLETS = new Map([
  ["x64", "x86_64-linux-gnu"],
  ["arm64", "aarch64-linux-gnu"],
]);

/** @returns {string[]} name of this machine's library folder below `lib`; none when Debian's name is not known */
export function multiarchFolders() {
  const triplet = TRIPLETS.get(process.arch);
  return triplet ? [triplet] : [];
}
