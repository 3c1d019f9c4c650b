import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleRelease } from "../scripts/release/bundle.mjs";
import { FakeEngine } from "./support/fake-engine.ts";

// What the release loads for the commands that people run all day. Their time is what this is about, but times differ
// from machine to machine; what is loaded does not.

const ROOT = resolve(import.meta.dirname, "..");
const PROJECT = `
services:
  web:
    image: app:latest
    environment: { MODE: production }
  worker:
    image: app:latest
    depends_on: [web]
`;

/** Writes at the end which of Node's own modules were loaded. */
const LISTING = `
process.once("exit", () => {
  const own = process.moduleLoadList.filter((name) => name.startsWith("NativeModule ")).map((name) => name.slice(13));
  require("node:fs").writeFileSync(process.env.LISTING, JSON.stringify(own));
});
`;

let folder: string;
let engine: FakeEngine;
/** The modules of each chunk, relative to the checkout. */
let chunks: ReadonlyMap<string, readonly string[]>;
let nodesOwn: ReadonlySet<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dock-startup-"));
  engine = await FakeEngine.start();
  engine.addImage({ tags: ["app:latest"] });
  const release = await bundleRelease(ROOT, { version: "0.0.0" });
  chunks = new Map(
    release.chunks.map(({ fileName, moduleIds }) => [fileName, moduleIds.map((id) => relative(ROOT, id))]),
  );
  await mkdir(join(folder, "project"));
  const files = {
    ...release.files,
    "project/dock.yaml": PROJECT,
    "listing.cjs": LISTING,
    "empty.cjs": "process.stdout.write('')",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  nodesOwn = new Set((await run("empty.cjs")).nodesOwn);
  await run("dock.js", "up", "-d");
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Loaded {
  readonly stderr: string;
  /** Of dock and of the packages in it. */
  readonly modules: readonly string[];
  readonly packages: readonly string[];
  /** Node's own modules. */
  readonly nodesOwn: readonly string[];
}

/** Runs a script of the folder and tells what it loaded: a chunk is loaded when its function ran. */
async function run(script: string, ...words: string[]): Promise<Loaded> {
  const coverage = join(folder, "coverage");
  const listing = join(folder, "listing.json");
  const env = {
    PATH: process.env["PATH"],
    XDG_CACHE_HOME: join(folder, "cache"),
    DOCKER_HOST: engine.host,
    NODE_V8_COVERAGE: coverage,
    LISTING: listing,
  };
  const argv = ["--require", join(folder, "listing.cjs"), join(folder, script), ...words];
  const { stderr } = await promisify(execFile)(process.execPath, argv, { cwd: join(folder, "project"), env });
  const names = await chunksThatRan(coverage);
  await rm(coverage, { recursive: true });
  const modules = names.flatMap((name) => chunks.get(name) ?? []);
  return {
    stderr,
    modules: modules.filter((id) => id.startsWith("src/")).sort(),
    packages: [...new Set(modules.flatMap((id) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []))].sort(),
    nodesOwn: JSON.parse(await readFile(listing, "utf8")) as string[],
  };
}

async function chunksThatRan(coverage: string): Promise<readonly string[]> {
  const [file = ""] = await readdir(coverage);
  const { result } = JSON.parse(await readFile(join(coverage, file), "utf8")) as {
    result: { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[];
  };
  return result
    .filter(({ url }) => /\/(dock|hot|cold)\.js$/.test(url))
    .flatMap(({ functions }) => functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
    .map(({ functionName }) => functionName)
    .filter((name) => chunks.has(name));
}

/** Node's public modules that were loaded beyond those of a program that only prints. */
function added({ nodesOwn: names }: Loaded): readonly string[] {
  return names.filter((name) => !nodesOwn.has(name) && !/^(internal\/|_)/.test(name)).sort();
}

/** What only some runs need: it is loaded when they come to it. */
const NOT_FOR_LOOKING = [
  /^src\/watch\//,
  /^src\/engine\/buildkit\//,
  /^src\/execute\/(execute|executors|build-|create-|sync|ready)/,
  /^src\/context\/send\.ts$/,
  /^src\/ui\/(tty|log-)/,
  /^src\/cli\/(attached|exec-|follow-|watch-|run-)/,
];

const OF_NODE = ["crypto", "fs/promises", "os", "process", "timers/promises", "vm"];

test("help loads the table of commands and nothing else", async () => {
  const loaded = await run("dock.js", "--help");
  expect(loaded.modules).toEqual([
    "src/cli/commands.ts",
    "src/cli/help.ts",
    "src/cli/quick-answer.ts",
    "src/cli/version.ts",
    "src/error.ts",
    "src/main.ts",
  ]);
  expect(loaded.packages).toEqual([]);
  expect(added(loaded)).toEqual([]);
});

test.each([["up", "-d"], ["ps"], ["plan"]])(
  "%s with nothing to do loads neither what changes something nor what others need",
  async (...words) => {
    const loaded = await run("dock.js", ...words);
    if (words[0] === "up") expect(loaded.stderr).toContain("Everything is up to date");
    expect(loaded.modules).toContain(`src/cli/commands/${words[0]}.ts`);
    expect(loaded.modules.filter((id) => NOT_FOR_LOOKING.some((pattern) => pattern.test(id)))).toEqual([]);
    expect(loaded.packages).toEqual(["commander", "picocolors"]);
    expect(loaded.modules.filter((id) => id.startsWith("src/cli/commands/"))).toHaveLength(1);
    expect(added(loaded)).toEqual([...OF_NODE].sort());
  },
);
