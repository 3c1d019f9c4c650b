import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { patternList } from "../../src/context/ignore.ts";
import { listContext } from "../../src/context/list-context.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("listContext", () => {
  it("lists what COPY . / would bring, by the bytes of the paths", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/a/b`, { recursive: true });
    writeFileSync(`${root}/a/b/1`, "12345", { mode: 0o755 });
    writeFileSync(`${root}/a-b`, "", { mode: 0o640 });
    writeFileSync(`${root}/Dockerfile`, "FROM a\n");
    writeFileSync(`${root}/𝒳`, "x");
    writeFileSync(`${root}/\uFFEE`, "x");
    symlinkSync("a/b", `${root}/link`);
    const { files } = await listContext(root, patternList(["Dockerfile"], ""));
    expect(files.map((file) => file.path)).toEqual(["a-b", "a/b/1", "link", "\uFFEE", "𝒳"]);
    expect(files.slice(0, 3)).toEqual([
      { path: "a-b", size: 0, mode: 0o640 },
      { path: "a/b/1", size: 5, mode: 0o755 },
      { path: "link", size: 3, mode: 0o777 },
    ]);
  });

  it("names a context that isn't there", async () => {
    await expect(listContext("/nowhere/at/all", patternList([], ""))).rejects.toThrow("does not exist");
  });
});
