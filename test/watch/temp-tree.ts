import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory of its own, removed at the end of its scope. */
export interface TempTree extends Disposable {
  readonly path: string;
  /** Absolute path of a place in it. */
  at(relative: string): string;
  /** Writes a file and the directories above it. */
  write(relative: string, content: string): void;
}

export function tempTree(files: Readonly<Record<string, string>> = {}): TempTree {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "dock-watch-")));
  const at = (relative: string): string => join(path, relative);
  const write = (relative: string, content: string): void => {
    mkdirSync(dirname(at(relative)), { recursive: true });
    writeFileSync(at(relative), content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  return { path, at, write, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
