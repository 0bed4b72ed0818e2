/**
 * What a program reads at one moment of its start.
 *
 * @typedef {{ name: string, modules: readonly string[] }} Phase modules: paths of compiled files, relative to the entry
 * @typedef {{ fileName: string, isEntry: boolean, facadeModuleId: string | null, moduleIds: string[], imports: string[] }} Chunk
 */

/**
 * @param {readonly Chunk[]} chunks
 * @param {Chunk} chunk
 * @param {Set<Chunk>} found
 * @returns {Set<Chunk>} the chunk and all that it imports before it runs
 */
function withImports(chunks, chunk, found = new Set()) {
  if (found.has(chunk)) return found;
  found.add(chunk);
  for (const other of chunks) {
    if (chunk.imports.includes(other.fileName)) withImports(chunks, other, found);
  }
  return found;
}

/**
 * @param {readonly Chunk[]} chunks of a bundle that is split wherever a module is imported dynamically
 * @param {readonly Phase[]} phases in their order: what one has read the next ones have
 * @param {(module: string) => string} idOf what the bundler calls a phase's module
 * @returns groups for rolldown's `codeSplitting`, by which each phase is read as one file beside the entry's own
 */
export function phaseGroups(chunks, phases, idOf) {
  const phaseOf = new Map();
  for (const { name, modules } of phases) {
    for (const module of modules) {
      const root = chunks.find(({ facadeModuleId }) => facadeModuleId === idOf(module));
      if (root === undefined) throw new Error(`expected ${module} to be the entry or imported dynamically`);
      for (const { isEntry, moduleIds } of withImports(chunks, root)) {
        if (isEntry) continue;
        for (const id of moduleIds) phaseOf.set(id, phaseOf.get(id) ?? name);
      }
    }
  }
  return phases.map(({ name }) => ({ name, test: (/** @type {string} */ id) => phaseOf.get(id) === name }));
}
