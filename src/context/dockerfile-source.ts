import { contextPath } from "../dockerfile/paths.ts";
import { sha256 } from "../std/digest.ts";
import { patternList } from "./ignore.ts";
import type { OfferedEntry } from "./offered-entry.ts";
import type { OfferedSource } from "./send.ts";

/** What a builder is to find beside the Dockerfile's name. */
export interface DockerfileTexts {
  /** The name that the builder asks for, as `filename` says it. */
  readonly name: string;
  readonly text: string;
  /** Offered as `<name>.dockerignore`, so the builder needn't look for another one. */
  readonly ignoreText?: string;
}

/** The source of a build's Dockerfile: not what is on the disk, but the text with its references replaced. */
export function dockerfileSource({ name, text, ignoreText }: DockerfileTexts): OfferedSource {
  const path = contextPath(name);
  const contents = new Map([[path, Buffer.from(text)]]);
  if (ignoreText !== undefined) contents.set(`${path}.dockerignore`, Buffer.from(ignoreText));
  return {
    async *entries(filter) {
      const asked = [...filter.include, ...filter.followPaths];
      const include = asked.length === 0 ? undefined : patternList(asked, "the builder's request");
      const wanted = [...contents].filter(([one]) => include?.match(one).matched ?? true);
      if (wanted.length === 0) return;
      const files = wanted.map(([one, content]): OfferedEntry => {
        return { path: one, kind: "file", mode: 0o644, size: content.length, mtimeNs: contentTime(content) };
      });
      yield [...directoriesAbove(path), ...files];
    },
    async *read(one) {
      const content = contents.get(one);
      if (!content) throw new Error(`${one} was not offered`);
      yield content;
    },
  };
}

/**
 * A time that follows from the content. Older builders keep the file of the last build when size and time are the same,
 * and two texts that differ in a digest or an argument are of one size.
 */
function contentTime(content: Buffer): bigint {
  return BigInt(`0x${sha256(content).slice(0, 13)}`);
}

function directoriesAbove(path: string): readonly OfferedEntry[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => {
    const directory = names.slice(0, index + 1).join("/");
    return { path: directory, kind: "directory", mode: 0o755, size: 0, mtimeNs: 0n };
  });
}
