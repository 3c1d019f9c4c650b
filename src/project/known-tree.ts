import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Source } from "../diagnostic.ts";
import { sha256 } from "../std/digest.ts";
import type { Tree } from "./tree.ts";
import { indexTree, type TreeIndex, treeOfIndex } from "./tree-index.ts";

/** Changes with what an index is, so that one of another version of dock is not taken for this one's. */
const FORMAT = "dock-tree/1";

/** Where the index of a project file is kept. */
export interface IndexPlace {
  readonly cacheDirectory: string;
  /** Absolute path of the project file. */
  readonly file: string;
}

/**
 * The tree of a text that was parsed before without a mistake, from where its values stood; undefined when this very
 * text was not. The index has none of the text's content, and one that was damaged is not used.
 */
export function knownTree(place: IndexPlace, source: Source): Tree | undefined {
  try {
    const [head, numbers = ""] = readFileSync(pathOf(place), "utf8").split("\n");
    if (head !== headOf(source.text, numbers)) return undefined;
    return treeOfIndex(source, JSON.parse(numbers) as TreeIndex);
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** Keeps where the values of a text stand. A cache that can't be written costs the time to parse. */
export async function rememberTree(place: IndexPlace, source: Source, tree: Tree): Promise<void> {
  const index = indexTree(source, tree);
  if (index === undefined) return;
  const numbers = JSON.stringify(index);
  const path = pathOf(place);
  try {
    await mkdir(join(place.cacheDirectory, "trees"), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.${process.pid}`, `${headOf(source.text, numbers)}\n${numbers}`, { mode: 0o600 });
    await rename(`${path}.${process.pid}`, path);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}

function pathOf({ cacheDirectory, file }: IndexPlace): string {
  return join(cacheDirectory, "trees", sha256(file).slice(0, 32));
}

function headOf(text: string, numbers: string): string {
  return `${FORMAT} ${sha256(text)} ${sha256(numbers)}`;
}
