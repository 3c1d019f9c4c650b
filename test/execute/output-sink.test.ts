import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ReceivedEntry } from "../../src/engine/buildkit/received-entry.ts";
import { directorySink, fileSink, type OutputSink } from "../../src/execute/output-sink.ts";

async function place(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dock-output-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

function entry(path: string, kind: ReceivedEntry["kind"], more: Partial<ReceivedEntry> = {}): ReceivedEntry {
  return { path, kind, mode: kind === "directory" ? 0o755 : 0o644, mtime: 0, linkTarget: "", ...more };
}

async function file(sink: OutputSink, path: string, text: string): Promise<void> {
  await sink.entry(entry(path, "file"));
  if (text !== "") await sink.data(path, Buffer.from(text));
  await sink.end(path);
}

test("a file is there only when it is whole, and replaces what was there", async () => {
  const dest = join(await place(), "below", "out.tar");
  const cut = fileSink(dest);
  await cut.data("", Buffer.from("half"));
  await cut.abandon();
  expect(await readdir(join(dest, ".."))).toEqual([]);
  for (const text of ["one", "two"]) {
    const sink = fileSink(dest);
    await sink.data("", Buffer.from(text));
    await sink.end("");
    await sink.abandon();
    expect(await readFile(dest, "utf8")).toBe(text);
  }
});

test("a directory keeps what was not sent and gets files, links and permissions", async () => {
  const dest = await place();
  await writeFile(join(dest, "kept"), "kept");
  const sink = directorySink(dest);
  await sink.entry(entry("hard", "hardlink", { linkTarget: "tool" }));
  await sink.entry(entry("sub", "directory"));
  await file(sink, "sub/empty", "");
  await sink.entry(entry("link", "symlink", { linkTarget: "../outside" }));
  await sink.entry(entry("tool", "file", { mode: 0o755 }));
  await sink.data("tool", Buffer.from("#!"));
  await sink.end("tool");
  await sink.entry(entry("pipe", "other"));
  await sink.done();
  expect((await readdir(dest)).sort()).toEqual(["hard", "kept", "link", "sub", "tool"]);
  expect(await readlink(join(dest, "link"))).toBe("../outside");
  expect((await stat(join(dest, "tool"))).mode & 0o777).toBe(0o755);
  expect(await readFile(join(dest, "hard"), "utf8")).toBe("#!");
});

test("nothing is written through a link, neither one that was there nor one that was sent", async () => {
  const root = await place();
  await mkdir(join(root, "outside"));
  await mkdir(join(root, "dest"));
  await symlink("../outside", join(root, "dest", "sub"));
  await symlink("../outside/file", join(root, "dest", "file"));
  const sink = directorySink(join(root, "dest"));
  await sink.entry(entry("sub", "directory"));
  await file(sink, "sub/inner", "inner");
  await file(sink, "file", "own");
  await sink.entry(entry("away", "symlink", { linkTarget: "../outside" }));
  await expect(sink.entry(entry("away/evil", "file"))).rejects.toThrow("without what it lies in");
  await sink.entry(entry("stolen", "hardlink", { linkTarget: "away/secret" }));
  await expect(sink.done()).rejects.toThrow("without what it lies in");
  expect(await readdir(join(root, "outside"))).toEqual([]);
  expect(await readFile(join(root, "dest", "sub", "inner"), "utf8")).toBe("inner");
  expect(await readFile(join(root, "dest", "file"), "utf8")).toBe("own");
});

test("what was only begun is gone when it is given up", async () => {
  const dest = await place();
  const sink = directorySink(dest);
  await file(sink, "whole", "whole");
  await sink.entry(entry("begun", "file"));
  await sink.data("begun", Buffer.from("half"));
  await sink.abandon();
  expect(await readdir(dest)).toEqual(["whole"]);
});
