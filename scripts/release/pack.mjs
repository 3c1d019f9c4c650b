/** @typedef {import("rolldown").OutputChunk} OutputChunk */

/** Modules that everyday commands load; what their chunks import statically is loaded with them. */
const EVERYDAY = /\/src\/(main|project\/print|cli\/run|cli\/commands\/(up|ps|plan|config|validate|build|down))\.ts$/;

/**
 * The scripts of a release from its chunks: `hot.js` with everything that an everyday command may load at its start,
 * `cold.js` with the rest. Each script's value is a table of functions, one for each chunk.
 *
 * @param {readonly OutputChunk[]} chunks
 * @returns {Record<"hot.js" | "cold.js", string>}
 */
export function pack(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  /** @type {Set<OutputChunk>} */
  const hot = new Set();
  const add = (/** @type {OutputChunk | undefined} */ chunk) => {
    if (!chunk || hot.has(chunk)) return;
    hot.add(chunk);
    for (const name of chunk.imports) add(byName.get(name));
  };
  for (const chunk of chunks) if (chunk.moduleIds.some((id) => EVERYDAY.test(id))) add(chunk);
  return { "hot.js": script([...hot]), "cold.js": script(chunks.filter((chunk) => !hot.has(chunk))) };
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
