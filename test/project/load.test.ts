import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatLocation } from "../../src/diagnostic.ts";
import { DockError } from "../../src/error.ts";
import { loadProject, type LoadOptions } from "../../src/project/load.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dock-load-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const GOOD = 'services: { web: { image: "nginx:${TAG:-1}" } }\n';
const write = (name: string, content: string | Uint8Array = GOOD): void => writeFileSync(join(root, name), content);
const load = (options: Partial<LoadOptions> = {}): ReturnType<typeof loadProject> =>
  loadProject({ cwd: root, vars: {}, env: {}, ...options });
const failure = async (options: Partial<LoadOptions> = {}): Promise<DockError> => {
  const error: unknown = await load(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DockError)) throw new Error("expected a DockError", { cause: error });
  return error;
};
const imageOf = ({ project }: Awaited<ReturnType<typeof loadProject>>): unknown => project?.services["web"]?.image;

describe("the project file", () => {
  test.each(["dock.yaml", "dock.yml"])("%s is found in the directory", async (name) => {
    write(name);
    const { project, source } = await load();
    expect(project?.file).toBe(join(root, name));
    expect(project?.directory).toBe(root);
    expect(project?.files).toEqual([join(root, name), join(root, ".env")]);
    expect(source.file).toBe(name);
  });

  test("is found in the nearest parent", async () => {
    mkdirSync(join(root, "a/b/c"), { recursive: true });
    write("dock.yaml");
    write("a/dock.yml", "services: { web: { image: near } }");
    const loaded = await load({ cwd: join(root, "a/b/c") });
    expect(imageOf(loaded)).toEqual({ kind: "external", ref: "near:latest" });
    expect(loaded.project?.directory).toBe(join(root, "a"));
  });

  test("may be named, and paths in it start at its directory", async () => {
    mkdirSync(join(root, "x"));
    write("x/other.yaml", "services: { web: { build: ./here } }");
    const { project, source } = await load({ file: "x/other.yaml" });
    expect(project?.images["web"]?.context).toEqual({ kind: "directory", path: join(root, "x/here") });
    expect(source.file).toBe("x/other.yaml");
  });

  test("takes its default name from its directory, unless one is given", async () => {
    mkdirSync(join(root, "My App"));
    write("My App/dock.yaml");
    expect((await load({ cwd: join(root, "My App") })).project?.name).toBe("my-app");
    expect((await load({ cwd: join(root, "My App"), projectName: "other" })).project?.name).toBe("other");
  });

  test("that is nowhere is an error that names the place", async () => {
    const error = await failure();
    expect(error.code).toBe("not-found");
    expect(error.message).toBe(`no dock.yaml found in ${root} or any parent`);
    expect(error.hint).toContain("-f");
    expect((await failure({ file: "nope.yaml" })).message).toBe("nope.yaml does not exist");
  });

  test.each([
    ["UTF-16, little end first", Buffer.from(`\uFEFF${GOOD}`, "utf16le"), /UTF-16/],
    ["UTF-16 without a mark", Buffer.from(GOOD, "utf16le"), /UTF-16/],
    ["UTF-16, big end first", Buffer.from(`\uFEFF${GOOD}`, "utf16le").swap16(), /UTF-16/],
    ["bad UTF-8", Buffer.from([0x61, 0xff, 0xfe, 0x62]), /not valid UTF-8/],
    ["more than 1 MiB", Buffer.alloc(1024 * 1024 + 1, "#"), /larger than 1 MiB/],
  ])("with %s is refused", async (_, content, message) => {
    write("dock.yaml", content);
    expect((await failure()).message).toMatch(message);
  });

  test("with a byte order mark is read", async () => {
    write("dock.yaml", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(GOOD)]));
    expect((await load()).project).toBeDefined();
  });

  test("that is a directory, a FIFO or a device is refused at once", async () => {
    mkdirSync(join(root, "dock.yaml"));
    expect((await failure()).message).toBe("dock.yaml is a directory");
    execFileSync("mkfifo", [join(root, "fifo")]);
    expect((await failure({ file: "fifo" })).message).toBe("fifo is no regular file");
    expect((await failure({ file: "/dev/zero" })).message).toBe("/dev/zero is no regular file");
  });

  test("with mistakes is no exception", async () => {
    write("dock.yaml", "servics: {}\n");
    const { project, diagnostics } = await load();
    expect(project).toBeUndefined();
    expect(diagnostics.map((one) => one.at && formatLocation(one.at))).toContain("dock.yaml:1:1");
  });

  test("that can't be read says why", async () => {
    symlinkSync("dock.yaml", join(root, "dock.yaml"));
    expect((await failure({ file: "dock.yaml" })).message).toBe("dock.yaml can't be read (ELOOP)");
    expect((await failure()).code).toBe("invalid-project");
  });
});

describe("variables", () => {
  test("come from vars, .env, the environment and --var, weakest first", async () => {
    write("dock.yaml", `vars: { TAG: vars }\n${GOOD}`);
    expect(imageOf(await load())).toEqual({ kind: "external", ref: "nginx:vars" });
    write(".env", "TAG=dotenv\n");
    expect(imageOf(await load())).toEqual({ kind: "external", ref: "nginx:dotenv" });
    expect(imageOf(await load({ env: { TAG: "env" } }))).toEqual({ kind: "external", ref: "nginx:env" });
    expect(imageOf(await load({ env: { TAG: "env" }, vars: { TAG: "flag" } }))).toEqual({
      kind: "external",
      ref: "nginx:flag",
    });
  });

  test("come from --env-file in place of .env", async () => {
    write("dock.yaml");
    write(".env", "TAG=dotenv\n");
    write("other.env", "TAG=other\n");
    const loaded = await load({ envFile: "other.env" });
    expect(imageOf(loaded)).toEqual({ kind: "external", ref: "nginx:other" });
    expect(loaded.project?.files).toEqual([join(root, "dock.yaml"), join(root, "other.env")]);
    expect((await failure({ envFile: "nope.env" })).message).toBe("nope.env does not exist");
  });

  test("in a .env with mistakes are reported there", async () => {
    write("dock.yaml");
    write(".env", "TAG=1\nnot a line\n");
    const { project, diagnostics } = await load();
    expect(project).toBeUndefined();
    expect(diagnostics.map((one) => one.at && formatLocation(one.at))).toEqual([".env:2:1"]);
  });
});

describe("what is kept of a project file to read it faster again", () => {
  const kept = (): string => {
    const [name = ""] = readdirSync(join(root, "cache/trees"));
    return join(root, "cache/trees", name);
  };
  const loadKept = (): ReturnType<typeof load> => load({ cacheDirectory: join(root, "cache") });

  test("has none of its content, and leads to the same project", async () => {
    write("dock.yaml", 'services: { web: { image: "nginx:c4n4ry", environment: { A: "c4n4ry" } } }\n');
    const first = await loadKept();
    expect(readFileSync(kept(), "utf8")).not.toMatch(/c4n4ry|nginx|web/);
    expect(await loadKept()).toEqual(first);
  });

  test("is used by nothing but the text that it was made of, and undamaged", async () => {
    write("dock.yaml");
    await loadKept();
    const good = readFileSync(kept(), "utf8");
    for (const bad of [
      "",
      "x",
      good.slice(0, -4),
      good.replace(/,4\b/, ",6"),
      good.replace("dock-tree", "dock-free"),
    ]) {
      expect(bad).not.toBe(good);
      writeFileSync(kept(), bad);
      expect(imageOf(await loadKept()), bad).toEqual({ kind: "external", ref: "nginx:1" });
      expect(readFileSync(kept(), "utf8")).toBe(good);
    }
    write("dock.yaml", GOOD.replace("nginx", "httpd"));
    expect(imageOf(await loadKept())).toEqual({ kind: "external", ref: "httpd:1" });
  });

  test("is not there for a file with mistakes, which are told every time", async () => {
    write("dock.yaml", "services: { web: { image: a }, web: { image: b } }\n");
    for (let count = 0; count < 2; count += 1)
      expect((await loadKept()).diagnostics.map(({ code }) => code)).toContain("duplicate-key");
  });

  test("is not needed: a place that can't be written costs nothing but time", async () => {
    write("dock.yaml");
    write("cache", "a file where the directory should be");
    expect(imageOf(await loadKept())).toEqual({ kind: "external", ref: "nginx:1" });
  });
});
