/** @typedef {import("rolldown").OutputChunk} OutputChunk */

/** Modules that everyday commands load; what their chunks import statically is loaded with them. */
const EVERYDAY = /\/src\/(project\/print|cli\/run|cli\/commands\/(up|ps|plan|config|validate|build|down))\.ts$/;

/**
 * The scripts of a release from its chunks: `main` with what every run loads, `hot.js` with everything that an everyday
 * command may load besides at its start, `cold.js` with the rest. Each script's value is a table of functions, one for
 * each chunk.
 *
 * @param {readonly OutputChunk[]} chunks
 * @returns {Record<"main" | "hot.js" | "cold.js", string>}
 */
export function pack(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  /** @type {Set<OutputChunk>} */
  const taken = new Set();
  /** @returns {OutputChunk[]} what is not taken yet of a chunk and those that it imports */
  const take = (/** @type {OutputChunk | undefined} */ chunk) => {
    if (!chunk || taken.has(chunk)) return [];
    taken.add(chunk);
    return [chunk, ...chunk.imports.flatMap((name) => take(byName.get(name)))];
  };
  const main = chunks.filter(({ isEntry }) => isEntry).flatMap(take);
  const hot = chunks.filter(({ moduleIds }) => moduleIds.some((id) => EVERYDAY.test(id))).flatMap(take);
  const cold = chunks.filter((chunk) => !taken.has(chunk));
  return { main: script(main), "hot.js": script(hot), "cold.js": script(cold) };
}

/** One byte a character keeps the text small in memory. */
function script(/** @type {readonly OutputChunk[]} */ chunks) {
  const rows = chunks.map(({ fileName, code }) => `"${fileName}"(exports,require,module){${ascii(code)}\n}`);
  return `({\n${rows.join(",\n")}\n})`;
}

function ascii(/** @type {string} */ code) {
  // oxlint-disable-next-line no-control-regex
  return code.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
