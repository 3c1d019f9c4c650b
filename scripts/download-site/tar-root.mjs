import { gunzipSync } from "node:zlib";

const BLOCK = 512;

/** Top folder of a packed tar; undefined for anything else, such as a log-in page that a network puts in the way. */
export function rootOf(/** @type {Buffer} */ archive) {
  if (archive[0] !== 0x1f || archive[1] !== 0x8b) return undefined;
  return entryName(gunzipSync(archive)).split("/")[0];
}

/**
 * The same tar with `root` as its top folder; all else stays byte for byte. Knows plain files and folders with short names only.
 *
 * @param {Buffer} original @param {string} root
 */
export function reroot(original, root) {
  const tar = Buffer.from(original);
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK);
    const name = entryName(header);
    const renamed = root + name.slice(name.indexOf("/"));
    const kind = header.toString("latin1", 156, 157);
    if ((kind !== "0" && kind !== "5") || header[345] !== 0 || Buffer.byteLength(renamed) > 100) {
      throw new Error(`cannot rename ${name} in a tar (kind ${kind})`);
    }
    header.fill(0, 0, 100).write(renamed);
    // The checksum is taken with its own field blank.
    header.fill(" ", 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    const size = Number.parseInt(header.toString("latin1", 124, 136), 8);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return tar;
}

function entryName(/** @type {Buffer} */ header) {
  const field = header.toString("utf8", 0, 100);
  const end = field.indexOf("\0");
  return end < 0 ? field : field.slice(0, end);
}
