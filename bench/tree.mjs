import { randomFillSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILES_IN_A_DIRECTORY = 50;
/** Bytes of a file, on average; source files are of this order. */
const SIZE = 4900;

/** Fills a directory with `count` files of different content, 50 in each directory. */
export function makeTree(/** @type {string} */ root, /** @type {number} */ count) {
  for (let index = 0; index < count; index += 1) {
    const directory = directoryOf(root, index);
    if (index % FILES_IN_A_DIRECTORY === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, `file${index}.txt`),
      `${index}\n`.repeat(Math.ceil((SIZE * (0.5 + (index % 11) / 10)) / String(index).length)),
    );
  }
}

/** Gives one file of a tree a content that it never had. */
export function changeOneFile(/** @type {string} */ root, /** @type {string} */ content) {
  writeFileSync(join(directoryOf(root, 0), "file0.txt"), content);
}

/** Writes files of bytes that nothing can compress. @param {string} root @param {{ files: number, megabytes: number }} size of each */
export function writeNoise(root, { files, megabytes }) {
  const noise = Buffer.alloc(megabytes * 1024 * 1024);
  for (let index = 0; index < files; index += 1) writeFileSync(join(root, `noise${index}.bin`), randomFillSync(noise));
}

function directoryOf(/** @type {string} */ root, /** @type {number} */ index) {
  const number = Math.floor(index / FILES_IN_A_DIRECTORY);
  return join(root, `area${Math.floor(number / 20)}`, `part${number}`);
}
