import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { expect } from "vitest";
import { run } from "../../../src/cli/run.ts";
import { sampleContexts, writeTree } from "../../support/random-tree.ts";
import { type Scenario, scenario } from "../../support/scenario.ts";

const CONTEXTS = 200;
/** A failing context is found again by this. */
const SEED = 20251123;
const DOCKERFILE = "FROM scratch\nWORKDIR /context\nCOPY . /context/\n";

interface Seen {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

/** What `dock context` lists, by the command itself but without a process for each of them. */
async function listed(s: Scenario, key: string): Promise<readonly Seen[]> {
  let text = "";
  const output = (): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    });
  const io = { stdin: Readable.from([]), stdout: output(), stderr: output(), cwd: s.directory, env: s.environment() };
  const code = await run(["context", key, "--json"], io);
  if (code !== 0) throw new Error(`dock context ${key}: ${code}\n${text}`);
  return (JSON.parse(text) as { files: readonly Seen[] }).files;
}

/** What the builder's `COPY .` brought into an image, in the same order. */
async function received(s: Scenario, image: string): Promise<readonly Seen[]> {
  const { Id } = await s.engine.post<{ Id: string }>("/containers/create", { Image: image, Cmd: ["none"] });
  try {
    const archive = await s.engine.raw("GET", `/containers/${Id}/archive?path=/context`);
    const seen: Seen[] = [];
    const reader = extract();
    reader.on("entry", (header, stream, next) => {
      const path = header.name.replace(/^context\//, "");
      const size = header.type === "symlink" ? Buffer.byteLength(header.linkname ?? "") : (header.size ?? 0);
      if (header.type !== "directory") seen.push({ path, size, mode: (header.mode ?? 0) & 0o7777 });
      stream.on("end", next).resume();
    });
    await pipeline(Readable.from([archive]), reader);
    return seen.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  } finally {
    await s.engine.remove(`/containers/${Id}`);
  }
}

scenario("dock context lists exactly what the engine receives", async ({ s }) => {
  const images: Record<string, object> = {};
  for (const [index, { tree, ignoreLines }] of sampleContexts(CONTEXTS, SEED).entries()) {
    const key = `c${index}`;
    const root = join(s.directory, key);
    mkdirSync(root);
    writeTree(root, tree);
    const ignore = `${ignoreLines.join("\n")}\n`;
    if (index % 4 > 0) {
      images[key] = { context: `./${key}`, dockerfile_inline: DOCKERFILE };
      writeFileSync(join(root, ".dockerignore"), ignore);
    } else {
      // The ignore file of the Dockerfile wins over the context's.
      images[key] = { context: `./${key}` };
      writeFileSync(join(root, "Dockerfile"), DOCKERFILE);
      writeFileSync(join(root, "Dockerfile.dockerignore"), ignore);
      writeFileSync(join(root, ".dockerignore"), "**\n");
    }
  }
  await s.declare({ images });
  await s.dock(["build", "--parallel", "8"], { deadline: 120_000 });
  let files = 0;
  for (const key of Object.keys(images)) {
    const expected = await received(s, `${s.project}-${key}:latest`);
    expect(await listed(s, key), key).toEqual(expected);
    files += expected.length;
  }
  // The contexts are worth the name.
  expect(files).toBeGreaterThan(CONTEXTS);
});
