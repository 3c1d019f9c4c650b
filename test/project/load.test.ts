import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatLocation } from "../../src/diagnostic.ts";
import { DockError } from "../../src/error.ts";
import { loadProject, type LoadOptions } from "../../src/project/load.ts";
import { withoutPlaces } from "../support/project-json.ts";

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

describe("included files", () => {
  const told = async (options: Partial<LoadOptions> = {}): Promise<string[]> =>
    (await load(options)).diagnostics.map(({ at, message }) => `${at ? formatLocation(at) : "-"} ${message}`);
  const HEAD = "name: shop\nvars: { TAG: '1' }\n";
  const PARTS = {
    web: 'web: { image: "nginx:${TAG}", depends_on: [db], env_file: web.env, secrets: [token], networks: [back] }',
    db: "db: { build: ./db, volumes: [data:/data, ./conf:/conf] }",
    rest: "networks: { back: {} }\nvolumes: { data: {} }\nsecrets: { token: { file: token.txt } }\n",
  };

  test("make the same project as one file does, wherever they split it", async () => {
    write("dock.yaml", `${HEAD}services:\n  ${PARTS.web}\n  ${PARTS.db}\n${PARTS.rest}`);
    const whole = withoutPlaces((await load()).project) as { readonly files: readonly string[] };
    write("dock.yaml", `${HEAD}include: [db.yaml, rest.yaml]\nservices:\n  ${PARTS.web}\n`);
    write("db.yaml", `services:\n  ${PARTS.db}\n`);
    write("rest.yaml", PARTS.rest);
    const split = await load();
    expect(split.diagnostics).toEqual([]);
    const files = ["dock.yaml", "db.yaml", "rest.yaml", ".env"].map((name) => join(root, name));
    expect(withoutPlaces(split.project)).toEqual({ ...whole, files });
    expect(split.files).toEqual(files);
  });

  test("have their relative paths from their own directory, also where what they declare is inherited", async () => {
    mkdirSync(join(root, "team/base"), { recursive: true });
    write("dock.yaml", "include: [team/dock.yaml]\nimages: { app: { inherits: _base, tags: [app] } }\n");
    write("team/dock.yaml", "name: other\nimages: { _base: { context: ./base }, plain: { dockerfile: x } }\n");
    const { project } = await load({ overrides: [] });
    expect(project?.name).not.toBe("other");
    expect(project?.images["app"]?.context).toEqual({ kind: "directory", path: join(root, "team/base") });
    expect(project?.images["plain"]?.context).toEqual({ kind: "directory", path: join(root, "team") });
    const override = { text: "plain.context=./x", pattern: "plain", key: "context", entry: undefined, append: false };
    const set = await load({ overrides: [{ ...override, value: "./x" }] });
    expect(set.project?.images["plain"]?.context).toEqual({ kind: "directory", path: join(root, "x") });
  });

  test("may be named with variables from outside, never shown with what those hold", async () => {
    write("dock.yaml", 'include: ["${PART:?name a part}.yaml"]\n');
    write(".env", "PART=from-dotenv\n");
    write("from-dotenv.yaml");
    expect(imageOf(await load())).toEqual({ kind: "external", ref: "nginx:1" });
    expect(await told({ vars: { PART: "s3cr3t" } })).toEqual([
      "dock.yaml:1:11 `${PART:?name a part}.yaml` does not exist",
    ]);
  });

  test.each([
    ["a directory", () => mkdirSync(join(root, "part.yaml")), "part.yaml is a directory"],
    ["no text", () => write("part.yaml", Buffer.from([0x61, 0xff, 0xfe, 0x62])), "part.yaml is not valid UTF-8"],
    ["too large", () => write("part.yaml", Buffer.alloc(1024 * 1024 + 1, "#")), "part.yaml is larger than 1 MiB"],
  ])("that are %s are reported where they are named", async (_, make, message) => {
    write("dock.yaml", "include:\n  - part.yaml\nservices: {}\n");
    make();
    expect(await told()).toEqual([`dock.yaml:2:5 ${message}`]);
  });

  test("have limits each, and limits together", async () => {
    const many = Array.from({ length: 101 }, (_, number) => `part-${number}.yaml`);
    write("dock.yaml", `include: [${many.join(", ")}]\n${GOOD}`);
    for (const name of many) write(name, `services: { "${name.slice(0, -5)}": { image: x } }\n`);
    expect(await told()).toEqual([expect.stringMatching(/^dock.yaml:1:\d+ more than 100 files are included$/)]);
    write("dock.yaml", `include: [part-0.yaml, part-1.yaml]\n${GOOD}`);
    for (const name of many.slice(0, 2)) {
      const keys = Array.from({ length: 1001 }, (_, number) => `  ${name.slice(0, -5)}-${number}: { image: x }\n`);
      write(name, `services:\n${keys.join("")}`);
    }
    expect(await told()).toContain("part-1.yaml:2:3 `services` has more than 2000 keys in all files together");
    write("part-0.yaml", `x: ${"[".repeat(65)}${"]".repeat(65)}\n`);
    expect(await told()).toEqual(["part-0.yaml:1:69 lists and maps are nested more than 64 deep here"]);
  });

  test("that did not change are read again without parsing, each on its own", async () => {
    const cacheDirectory = join(root, "cache");
    write("dock.yaml", "include: [part.yaml]\nservices: { web: { image: nginx } }\n");
    write("part.yaml", "services: { db: { image: postgres } }\n");
    const kept = (): string[] =>
      readdirSync(join(cacheDirectory, "trees")).map((name) =>
        String(statSync(join(cacheDirectory, "trees", name)).ino),
      );
    const first = await load({ cacheDirectory });
    const before = kept();
    expect(before).toHaveLength(2);
    expect(await load({ cacheDirectory })).toEqual(first);
    expect(kept()).toEqual(before);
    write("part.yaml", "services: { db: { image: mariadb } }\n");
    const { project } = await load({ cacheDirectory });
    expect(project?.services["db"]?.image).toEqual({ kind: "external", ref: "mariadb:latest" });
    expect(kept().filter((one) => before.includes(one))).toHaveLength(1);
  });
});
