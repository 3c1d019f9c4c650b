import { link, mkdir, mkdtemp, rm, symlink, utimes, writeFile, chmod, readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { BuildEvent } from "../../src/engine/buildkit/build-event.ts";
import type { BuildRequest } from "../../src/engine/buildkit/build-request.ts";
import { build, type BuildResult, type Hijack } from "../../src/engine/buildkit/builder.ts";
import type { LocalSource } from "../../src/engine/buildkit/source.ts";
import { connectEngine } from "../../src/engine/connect.ts";
import { deferred } from "../../src/std/deferred.ts";
import { directorySource, plainRequest, type DirectorySource } from "../engine/buildkit/rig.ts";

const SOCKET = (process.env["DOCKER_HOST"] ?? "").startsWith("unix://")
  ? (process.env["DOCKER_HOST"] ?? "").slice("unix://".length)
  : "/var/run/docker.sock";

const engine = connectEngine({ host: `unix://${SOCKET}`, env: {} });

/** Unlike any other run's, so that nothing is cached by accident and names never clash. */
const RUN_ID = `${process.pid.toString(36)}${Date.now().toString(36)}`;
const tags: string[] = [];
const ids = new Set<string>();

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function ask(method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: SOCKET, method, path }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 0, body: text === "" ? undefined : JSON.parse(text) });
      });
    });
    call.on("error", reject);
    call.end();
  });
}

function newTag(name: string): string {
  const tag = `dock-bk-test-${RUN_ID}:${name}`;
  tags.push(tag);
  return tag;
}

afterAll(async () => {
  // An image whose tag has moved to another is left without one.
  for (const name of [...tags, ...ids]) await ask("DELETE", `/images/${name}`);
  await engine.close();
});

async function directory(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dock-bk-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

interface Outcome {
  readonly result: BuildResult;
  readonly events: readonly BuildEvent[];
  readonly context: DirectorySource;
}

interface Options {
  readonly hijack?: Hijack;
  readonly signal?: AbortSignal;
  readonly emit?: (event: BuildEvent) => void;
}

async function run(root: string, wanted: Partial<BuildRequest>, options: Options = {}): Promise<Outcome> {
  const context = directorySource(root);
  const events: BuildEvent[] = [];
  const result = await build(
    options.hijack ?? ((...call) => engine.hijack(...call)),
    plainRequest({
      sharedKey: root,
      ...wanted,
      sources: { context, dockerfile: directorySource(root), ...wanted.sources },
    }),
    {
      signal: options.signal ?? AbortSignal.timeout(120_000),
      emit: (event) => {
        events.push(event);
        options.emit?.(event);
      },
    },
  );
  ids.add(result.imageId);
  return { result, events, context };
}

/** The last state of each step that stands in the Dockerfile. */
function states(events: readonly BuildEvent[]): Record<string, string> {
  const last: Record<string, string> = {};
  for (const event of events) {
    if (event.type === "step" && /^\[(?!internal)/.test(event.name)) last[event.name] = event.state;
  }
  return last;
}

function output(events: readonly BuildEvent[]): string[] {
  return events.flatMap((event) => (event.type === "log" ? [event.text] : []));
}

async function imageId(tag: string): Promise<unknown> {
  const { status, body } = await ask("GET", `/images/${tag}/json`);
  return status === 200 && body !== null && typeof body === "object" && "Id" in body ? body.Id : undefined;
}

/** In front of RUN steps: an environment that no other run has, so that no other run can have cached them. */
const STAMP = `ENV DOCK_TEST=${RUN_ID}`;

test("what changed is sent, what did not is neither sent nor built", async () => {
  const root = await directory({
    Dockerfile: `FROM busybox:latest\n${STAMP}\nCOPY src /src\nRUN cat /src/a /src/b`,
    "src/a": "one\n",
    "src/b": RUN_ID,
    "src/c/d": "d",
  });
  const tag = newTag("incremental");
  const cold = await run(root, { tags: [tag] });
  expect(cold.context.reads.toSorted()).toEqual(["src/a", "src/b", "src/c/d"]);
  expect(output(cold.events)).toContain("one");
  expect(await imageId(tag)).toBe(cold.result.imageId);

  const warm = await run(root, { tags: [tag] });
  expect(warm.context.reads).toEqual([]);
  expect(warm.result).toEqual(cold.result);
  expect(
    new Set(
      Object.entries(states(warm.events))
        .filter(([name]) => !name.includes("FROM"))
        .map(([, state]) => state),
    ),
  ).toEqual(new Set(["cached"]));

  await writeFile(join(root, "src/a"), "two!\n");
  const changed = await run(root, { tags: [tag] });
  expect(changed.context.reads).toEqual(["src/a"]);
  expect(output(changed.events)).toContain("two!");
  expect(await imageId(tag)).toBe(changed.result.imageId);
  expect(changed.result.imageId).not.toBe(cold.result.imageId);
});

test("an image without a name is there under its id", async () => {
  const root = await directory({ Dockerfile: `FROM busybox:latest\n${STAMP}\nRUN echo nameless` });
  const { result } = await run(root, {});
  expect(await imageId(result.imageId)).toBe(result.imageId);
});

test("every kind of file arrives as it is", async () => {
  const root = await directory({
    Dockerfile: [
      "FROM busybox:latest",
      STAMP,
      "COPY in /in",
      "RUN cd /in && stat -c '%n %a %F %Y' * && readlink link && stat -c %h one two && cat '\u{1f600} \u{fffd}/\u{e9}'",
    ].join("\n"),
    "in/one": "1",
    "in/setuid": "s",
    "in/\u{1f600} \u{fffd}/\u{e9}": "unicode",
    "in/\u{fffd}": "",
    "in/tmp/x": "",
  });
  await link(join(root, "in/one"), join(root, "in/two"));
  await symlink("../in/one", join(root, "in/link"));
  await chmod(join(root, "in/setuid"), 0o4755);
  await chmod(join(root, "in/tmp"), 0o1777);
  await utimes(join(root, "in/one"), 1_000_000_000, 1_000_000_000);
  const { events } = await run(root, { tags: [newTag("kinds")] });
  const text = output(events).join("\n");
  expect(text).toContain("one 644 regular file 1000000000");
  expect(text).toContain("setuid 4755 regular");
  expect(text).toContain("tmp 1777 directory");
  expect(text).toContain("link 777 symbolic link");
  expect(text).toContain("../in/one");
  expect(text).toContain("unicode");
});

test("an ignore file of 700 patterns, some not ASCII, reaches the source as it is written", async () => {
  const patterns = [
    ...Array.from({ length: 698 }, (_, index) => `dir${index}/*.{a,b}`),
    "\u{e9}t\u{e9} 100%/+",
    "plain",
  ];
  const root = await directory({
    Dockerfile: `FROM busybox:latest\n${STAMP}\nCOPY . /all\nRUN ls /all`,
    ".dockerignore": patterns.join("\n"),
    plain: "",
    kept: "",
  });
  const { context, events } = await run(root, { tags: [newTag("ignore")] });
  expect(context.filters.map(({ exclude }) => exclude).find((exclude) => exclude.length > 0)).toEqual(patterns);
  expect(output(events)).toEqual(["Dockerfile", "kept"]);
});

test("arguments, target, labels, extra hosts and network are heeded", async () => {
  const root = await directory({
    Dockerfile: [
      "FROM busybox:latest AS base",
      "ARG WHO=nobody",
      "RUN echo hello $WHO; grep a.test /etc/hosts; ls /sys/class/net",
      "FROM base AS other",
      "RUN false",
    ].join("\n"),
  });
  const tag = newTag("settings");
  const { events } = await run(root, {
    tags: [tag],
    target: "base",
    args: { WHO: RUN_ID },
    labels: { "dock.test": "yes" },
    extraHosts: [{ host: "a.test", address: "10.1.2.3" }],
    network: "none",
    noCache: true,
  });
  expect(output(events)).toEqual([`hello ${RUN_ID}`, expect.stringMatching(/^10\.1\.2\.3\s+a\.test$/), "lo"]);
  const { body } = await ask("GET", `/images/${tag}/json`);
  expect(body).toMatchObject({ Config: { Labels: { "dock.test": "yes" } } });
});

/** 20,000 files in 200 directories that exist only here: making them on a disk would take longer than the build. */
function manyFiles(): LocalSource & { readonly reads: string[] } {
  const reads: string[] = [];
  const number = (value: number): string => String(value).padStart(3, "0");
  return {
    reads,
    entries: async function* ({ followPaths }) {
      await Promise.resolve();
      if (!followPaths.includes("many")) return;
      const base = { mode: 0o755, size: 0, mtimeNs: 1_700_000_000_000_000_000n };
      yield [{ ...base, kind: "directory" as const, path: "many" }];
      for (let folder = 0; folder < 200; folder += 1) {
        const directory = `many/${number(folder)}`;
        yield [{ ...base, kind: "directory" as const, path: directory }];
        yield Array.from({ length: 100 }, (_, file) => {
          const path = `${directory}/${number(file)}`;
          return { ...base, kind: "file" as const, path, size: RUN_ID.length + path.length };
        });
      }
    },
    read: async function* (path) {
      reads.push(path);
      yield await Promise.resolve(Buffer.from(`${RUN_ID}${path}`));
    },
  };
}

test("20,000 files are sent while the session stays healthy and the event loop free", async () => {
  const dockerfile = await directory({
    Dockerfile: `FROM busybox:latest\n${STAMP}\nCOPY many /many\nRUN find /many -type f | wc -l; cat /many/123/045`,
  });
  const context = manyFiles();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cold = await run(dockerfile, { tags: [newTag("many")], sources: { context } });
  delay.disable();
  expect(output(cold.events)).toEqual(["20000", `${RUN_ID}many/123/045`]);
  expect(context.reads).toHaveLength(20_000);
  expect(delay.max / 1e6).toBeLessThan(1000);
  await run(dockerfile, { tags: [newTag("many")], sources: { context } });
  expect(context.reads).toHaveLength(20_000);
});

test("a large file arrives whole", async () => {
  const root = await directory({ Dockerfile: `FROM busybox:latest\n${STAMP}\nCOPY big /big\nRUN wc -c < /big` });
  await writeFile(join(root, "big"), Buffer.alloc(48 * 1024 * 1024, RUN_ID));
  const { events } = await run(root, { tags: [newTag("big")] });
  expect(output(events)).toEqual([String(48 * 1024 * 1024)]);
});

test("a step that fails is told with its lines and its output, and no tag is made", async () => {
  const root = await directory({
    Dockerfile: [
      "FROM busybox:latest",
      STAMP,
      "# what fails",
      "RUN for i in $(seq 30); do echo line $i; done; \\",
      "  echo oops >&2; exit 7",
      "RUN echo never",
    ].join("\n"),
  });
  const tag = newTag("fails");
  const failure: unknown = await run(root, { tags: [tag] }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    name: "BuildFailure",
    code: "build-failed",
    facts: {
      step: expect.stringMatching(/^\[2\/3\] RUN for i/),
      exitCode: 7,
      source: { file: "Dockerfile", ranges: [{ first: 4, last: 5 }] },
      lastLines: expect.arrayContaining(["line 30", "oops"]),
    },
    detail: expect.stringContaining("> 4 | RUN for i in"),
  });
  expect(failure).toHaveProperty("facts.lastLines.length", 20);
  expect(await imageId(tag)).toBeUndefined();
});

test.each([
  ["a mistake in the Dockerfile", "FROM busybox:latest\nRUNN make\n", /unknown instruction: RUNN/i],
  ["a file that is not there", "FROM busybox:latest\nCOPY nothing /\n", /nothing.*not found|not found.*nothing/],
  ["a stage that is not there", "FROM busybox:latest\nCOPY --from=docker.invalid/none /a /\n", /docker\.invalid/],
])("%s fails the build in the builder's words", async (_, dockerfile, message) => {
  const root = await directory({ Dockerfile: dockerfile });
  const failure: unknown = await run(root, {}).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "build-failed", message: expect.stringMatching(message) });
});

/** True while a process of this machine has the text in its command line. */
async function isRunning(text: string): Promise<boolean> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes(text) && Number(pid) !== process.pid) return true;
  }
  return false;
}

test("an abort in the middle of a step ends it at once and leaves nothing", async () => {
  const root = await directory({
    Dockerfile: `FROM busybox:latest\n${STAMP}\nRUN echo running; : ${RUN_ID}; sleep 300`,
  });
  const tag = newTag("aborted");
  const stop = new AbortController();
  let stopped = 0;
  const emit = (event: BuildEvent): void => {
    if (event.type !== "log" || event.text !== "running") return;
    stopped = performance.now();
    stop.abort(new Error("enough"));
  };
  await expect(run(root, { tags: [tag] }, { signal: stop.signal, emit })).rejects.toThrow("enough");
  expect(performance.now() - stopped).toBeLessThan(2000);
  expect(await imageId(tag)).toBeUndefined();
  expect(await isRunning(`: ${RUN_ID}; sleep 300`)).toBe(false);
});

test.each(["/session", "/grpc"])(
  "a connection to %s that breaks in the middle of a step is no success and no hang",
  async (broken) => {
    const root = await directory({
      Dockerfile: `FROM busybox:latest\n${STAMP}\nRUN echo running ${broken}; sleep 300`,
    });
    const tag = newTag("broken");
    const socket = deferred<Awaited<ReturnType<Hijack>>>();
    const hijack: Hijack = async (path, headers, signal) => {
      const dialed = await engine.hijack(path, headers, signal);
      if (path === broken) socket.resolve(dialed);
      return dialed;
    };
    const emit = (event: BuildEvent): void => {
      if (event.type === "log") void socket.promise.then((found) => found.destroy());
    };
    await expect(run(root, { tags: [tag] }, { hijack, emit })).rejects.toMatchObject({ code: "engine-broken" });
    expect(await imageId(tag)).toBeUndefined();
  },
);

test("builds run at the same time without getting into each other's way", async () => {
  const built = await Promise.all(
    ["a", "b", "c", "d"].map(async (name) => {
      const root = await directory({
        Dockerfile: `FROM busybox:latest\n${STAMP}\nCOPY who /\nRUN cat /who`,
        who: `${name}${RUN_ID}\n`,
      });
      return run(root, { tags: [newTag(`parallel-${name}`)] });
    }),
  );
  expect(built.map(({ events }) => output(events))).toEqual(["a", "b", "c", "d"].map((name) => [`${name}${RUN_ID}`]));
});

test("a step that outlasts several health checks is built", async () => {
  const root = await directory({
    Dockerfile: `FROM busybox:latest\n${STAMP}\nRUN sleep 16\nCOPY after /\nRUN cat /after`,
    after: RUN_ID,
  });
  const { events } = await run(root, { tags: [newTag("long")], noCache: true });
  expect(output(events)).toEqual([RUN_ID]);
});
