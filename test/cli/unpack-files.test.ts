import { execFileSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import { expect, test as base } from "vitest";
import { packFiles } from "../../src/cli/pack-files.ts";
import { unpackFiles, type Unpacked } from "../../src/cli/unpack-files.ts";

const test = base.extend<{ readonly directory: string }>({
  // oxlint-disable-next-line no-empty-pattern
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), "dock-unpack-"));
    await use(directory);
    await rm(directory, { recursive: true, force: true });
  },
});

type TarEntry = Parameters<ReturnType<typeof pack>["entry"]>[0] & { readonly text?: string };

/** A tar with these entries; the text is a file's content. */
function tarOf(...entries: readonly TarEntry[]): AsyncIterable<Uint8Array> {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? "");
  tar.finalize();
  return tar as AsyncIterable<Uint8Array>;
}

async function unpack(tar: AsyncIterable<Uint8Array>, root: string): Promise<Unpacked> {
  return unpackFiles(tar, { root, keepOwner: false }, AbortSignal.timeout(5000));
}

test("a tree that is packed and unpacked is the same: content, modes, times, links", async ({ directory }) => {
  const source = join(directory, "source");
  await mkdir(join(source, "sub"), { recursive: true });
  await writeFile(join(source, "one"), "1".repeat(100_000));
  await writeFile(join(source, "sub", "empty"), "");
  await writeFile(join(source, "sub", `${"long".repeat(40)}.txt`), "long");
  await symlink("../one", join(source, "sub", "link"));
  await chmod(join(source, "one"), 0o640);
  await utimes(join(source, "one"), 1_500_000_000, 1_500_000_000);
  await chmod(join(source, "sub"), 0o550);
  const { tar, done } = packFiles({ path: source, name: "copy", followLink: false });
  const target = join(directory, "target");
  const { files } = await unpack(tar, target);
  expect(await done).toEqual([]);
  expect(files).toBe(4);
  expect(await readFile(join(target, "one"), "utf8")).toBe("1".repeat(100_000));
  expect(await readFile(join(target, "sub", `${"long".repeat(40)}.txt`), "utf8")).toBe("long");
  expect((await stat(join(target, "sub", "empty"))).size).toBe(0);
  expect(await readlink(join(target, "sub", "link"))).toBe("../one");
  const one = await stat(join(target, "one"));
  expect(one.mode & 0o777).toBe(0o640);
  expect(one.mtimeMs).toBe(1_500_000_000_000);
  expect((await stat(join(target, "sub"))).mode & 0o777).toBe(0o550);
  await chmod(join(target, "sub"), 0o755);
});

test("the contents of a directory go into one that is there, which stays as it is", async ({ directory }) => {
  const source = join(directory, "source");
  const target = join(directory, "target");
  await mkdir(source);
  await mkdir(target, { mode: 0o711 });
  await writeFile(join(source, "a"), "new");
  await writeFile(join(target, "a"), "old and longer");
  await writeFile(join(target, "b"), "kept");
  const { tar } = packFiles({ path: source, name: undefined, followLink: false });
  // An engine begins the names of what is in a directory with "./".
  const entries = tarOf({ name: "./", type: "directory", mode: 0o777 }, { name: "./a", text: "new" });
  await unpack(entries, target);
  expect(await readFile(join(target, "a"), "utf8")).toBe("new");
  expect(await readFile(join(target, "b"), "utf8")).toBe("kept");
  expect((await stat(target)).mode & 0o777).toBe(0o711);
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  expect(Buffer.concat(chunks).subarray(0, 2).toString()).toBe("a\0");
});

test("nothing is written outside of the target", async ({ directory }) => {
  const target = join(directory, "target");
  for (const name of ["../evil", "root/../../evil", "/evil", "root/./../evil", "..", "root/a/../../../evil"]) {
    await expect(unpack(tarOf({ name, text: "evil" }), target)).rejects.toThrow("leads out of it");
  }
  await expect(lstat(join(directory, "evil"))).rejects.toThrow("ENOENT");
});

test("nothing is written through a link that the tar brings along", async ({ directory }) => {
  const outside = join(directory, "outside");
  const target = join(directory, "target");
  await mkdir(outside);
  const into = (...entries: readonly TarEntry[]) =>
    unpack(tarOf({ name: "root/", type: "directory" }, ...entries), target);
  const link = { name: "root/link", type: "symlink", linkname: outside } as const;
  await expect(into(link, { name: "root/link/evil", text: "evil" })).rejects.toThrow("written through it");
  await expect(into(link, { name: "root/link/", type: "directory" })).rejects.toThrow("in the way");
  await expect(lstat(join(outside, "evil"))).rejects.toThrow("ENOENT");
  // A file takes the place of a link, not of what it leads to.
  await writeFile(join(outside, "file"), "before");
  await into({ name: "root/f", type: "symlink", linkname: join(outside, "file") }, { name: "root/f", text: "evil" });
  expect(await readFile(join(outside, "file"), "utf8")).toBe("before");
  expect(await readFile(join(target, "f"), "utf8")).toBe("evil");
});

test("a hard link is one within the target, or an error", async ({ directory }) => {
  const target = join(directory, "target");
  await writeFile(join(directory, "secret"), "secret");
  const root = { name: "root/", type: "directory" } as const;
  await unpack(
    tarOf(root, { name: "root/a", text: "a" }, { name: "root/b", type: "link", linkname: "root/a" }),
    target,
  );
  expect((await stat(join(target, "a"))).nlink).toBe(2);
  for (const linkname of ["../secret", "root/../../secret", join(directory, "secret")]) {
    await expect(unpack(tarOf(root, { name: "root/c", type: "link", linkname }), target)).rejects.toThrow(
      "leads out of it",
    );
  }
});

test("devices are left out and named, rights that go beyond the caller's are not kept", async ({ directory }) => {
  const target = join(directory, "target");
  const tar = tarOf(
    { name: "root/", type: "directory", mode: 0o755 },
    { name: "root/null", type: "character-device", devmajor: 1, devminor: 3 },
    { name: "root/su", text: "#!/bin/sh\n", mode: 0o4755 },
  );
  expect(await unpack(tar, target)).toEqual({ files: 1, leftOut: ["root/null"] });
  expect((await stat(join(target, "su"))).mode & 0o7777).toBe(0o755);
});

test("a tar that ends too early, or is none, is an error", async ({ directory }) => {
  const target = join(directory, "target");
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("this is no tar".repeat(100));
  }
  await expect(unpack(broken(), target)).rejects.toThrow("can't be read");
  async function* refused(): AsyncGenerator<Uint8Array> {
    for await (const chunk of tarOf({ name: "root", text: "x".repeat(1000) })) yield chunk.subarray(0, 700);
  }
  await expect(unpack(refused(), target)).rejects.toThrow("can't be read");
});

test("what has no place in a tar is named by the packing", async ({ directory }) => {
  execFileSync("mkfifo", [join(directory, "pipe")]);
  await writeFile(join(directory, "file"), "x");
  const { tar, done } = packFiles({ path: directory, name: "d", followLink: false });
  tar.resume();
  expect(await done).toEqual([join(directory, "pipe")]);
});

test("a packing that can't go on breaks its tar off and says why", async ({ directory }) => {
  const { tar, done } = packFiles({ path: join(directory, "missing"), name: "d", followLink: false });
  await expect(done).rejects.toThrow("ENOENT");
  await expect(
    (async () => {
      for await (const _ of tar) void _;
    })(),
  ).rejects.toThrow();
});
