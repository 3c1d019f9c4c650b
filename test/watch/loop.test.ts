import { existsSync, readFileSync, renameSync, rmSync, utimesSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DockError } from "../../src/error.ts";
import type { Hint } from "../../src/watch/hint.ts";
import { watch } from "../../src/watch/loop.ts";
import type { OpenSource } from "../../src/watch/source.ts";
import { FakeEffects } from "./fake-effects.ts";
import { ManualClock, settle } from "./manual-clock.ts";
import { type TempTree, tempTree } from "./temp-tree.ts";

const PROJECT = `
name: demo
images:
  api: { context: ./api }
services:
  api:
    image: api
    dev:
      mounts: ["./api/src:/app/src"]
  web:
    image: busybox
    dev:
      watch:
        - { path: ./site, action: sync, target: /srv }
        - { path: ./conf, action: restart }
        - { path: ./sql, action: exec, exec: ["migrate"] }
        - { path: ./bad, action: exec, exec: ["false"] }
`;

/** A watch over a temporary project, whose events the test itself tells. */
class Watched implements AsyncDisposable {
  readonly tree: TempTree;
  readonly clock = new ManualClock();
  readonly effects: FakeEffects;
  tell: (hint: Hint) => void = () => undefined;
  readonly #stop = new AbortController();
  #end: Promise<unknown> = Promise.resolve();

  constructor(files: Readonly<Record<string, string>>) {
    this.tree = tempTree(files);
    this.effects = new FakeEffects(this.tree.path, this.clock);
    this.effects.containerIds.set("api", ["api-1"]).set("web", ["web-1"]);
  }

  async begin(): Promise<void> {
    const open: OpenSource = async (_coverage, { tell }) => {
      this.tell = tell;
      return { cover: async () => undefined, again: () => undefined, [Symbol.asyncDispose]: async () => undefined };
    };
    const project = await this.effects.load();
    this.#end = watch({ project, mode: "dev", open }, this.effects, this.#stop.signal).catch((error: unknown) => error);
    await this.rest();
    this.effects.events.length = 0;
    this.effects.calls.length = 0;
  }

  /** Writes a file and tells of it. */
  save(path: string, content: string): void {
    this.tree.write(path, content);
    this.hint(path);
  }

  remove(path: string): void {
    rmSync(this.tree.at(path), { recursive: true, force: true });
    this.hint(path);
  }

  hint(path: string): void {
    this.tell({ kind: "path", path: this.tree.at(path) });
  }

  /** Until nothing is left to do but the next rescan. */
  async rest(): Promise<void> {
    await this.clock.advance(3000);
  }

  /** How the watch ended; it must have. */
  async end(): Promise<unknown> {
    return this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DockError("interrupted", "stop"));
    await this.#end;
    this.tree[Symbol.dispose]();
  }
}

const FILES = {
  "dock.yaml": PROJECT,
  "api/Dockerfile": "FROM scratch",
  "api/package.json": "{}",
  "api/src/a.js": "1",
  "site/index.html": "one",
  "conf/a": "1",
  "sql/1.sql": "1",
  "bad/x": "1",
};

let w: Watched;

beforeEach(async () => {
  w = new Watched(FILES);
});

afterEach(async () => {
  await w[Symbol.asyncDispose]();
});

describe("what is done", () => {
  test("the first run makes the engine match, sync rules fill the containers, and then it says what is watched", async () => {
    const project = await w.effects.load();
    await w.begin();
    expect(w.effects.runs).toBeGreaterThan(0);
    expect(w.effects.applied?.project).toMatchObject({ name: project.name });
    expect(w.effects.files.get("web-1")).toEqual(new Map([["/srv/index.html", "one"]]));
  });

  test("a significant file is rebuilt once, after 150 ms of quiet", async () => {
    await w.begin();
    const runs = w.effects.runs;
    w.save("api/package.json", '{"a":1}');
    await w.clock.advance(149);
    expect(w.effects.runs).toBe(runs);
    await w.clock.advance(10);
    expect(w.effects.runs).toBe(runs + 1);
    await w.rest();
    expect(w.effects.actions()).toEqual(["rebuild api: api/package.json"]);
    expect(w.effects.runs).toBe(runs + 1);
  });

  test("a bind-mounted file is live after 60 ms of quiet and asks for nothing", async () => {
    await w.begin();
    const runs = w.effects.runs;
    w.save("api/src/a.js", "2");
    await w.clock.advance(60);
    expect(w.effects.actions()).toEqual(["live api: api/src/a.js"]);
    await w.rest();
    expect(w.effects.runs).toBe(runs);
    expect(w.effects.calls).toEqual([]);
  });

  test("a new file is asked about: it counts for the image, or is live, or nothing", async () => {
    await w.begin();
    w.save("api/new.txt", "1");
    w.save("api/src/new.js", "1");
    w.save("api/debug.log", "1");
    await w.rest();
    expect(w.effects.actions()).toEqual(["live api: api/src/new.js", "rebuild api: api/new.txt"]);
  });

  test("saving without a change, a touch and an editor's own files do nothing", async () => {
    await w.begin();
    w.save("api/package.json", "{}");
    utimesSync(w.tree.at("site/index.html"), 1, 1);
    w.hint("site/index.html");
    w.save("site/.index.html.swp", "x");
    w.save("site/index.html~", "x");
    await w.rest();
    expect(w.effects.actions()).toEqual([]);
    expect(w.effects.calls).toEqual([]);
  });

  test("a save by writing another file and renaming it is one action", async () => {
    await w.begin();
    w.tree.write("site/index.html.tmp.123", "two");
    w.hint("site/index.html.tmp.123");
    renameSync(w.tree.at("site/index.html.tmp.123"), w.tree.at("site/index.html"));
    w.hint("site/index.html");
    await w.rest();
    expect(w.effects.actions()).toEqual(["sync web: site/index.html"]);
  });

  test("sync copies and deletes, restart and exec act once a batch, a failing command is told and nothing more", async () => {
    await w.begin();
    const runs = w.effects.runs;
    w.save("site/a.html", "a");
    w.save("site/b.html", "b");
    w.save("conf/a", "2");
    w.save("conf/b", "2");
    w.save("sql/2.sql", "2");
    w.save("bad/x", "2");
    await w.rest();
    expect(w.effects.calls).toEqual([
      "transfer web-1 +/srv/a.html +/srv/b.html",
      "restart web-1",
      "exec web-1 migrate",
      "exec web-1 false",
    ]);
    expect(w.effects.errors.map(({ message }) => message)).toEqual(['"false" ended with 1']);
    expect(w.effects.runs).toBe(runs);
    w.effects.calls.length = 0;
    w.remove("site/a.html");
    await w.rest();
    expect(w.effects.calls).toEqual(["transfer web-1 -/srv/a.html"]);
  });

  test("an included file belongs to the project, also one that has to be written yet", async () => {
    w.tree.write("dock.yaml", `${PROJECT}include: [more.yaml]\n`);
    w.tree.write("more.yaml", "services: { more: { image: busybox } }\n");
    await w.begin();
    w.save("more.yaml", "include: [later.yaml]\nservices: { more: { image: httpd } }\n");
    await w.rest();
    expect(w.effects.errors.map(({ diagnostics: [first] }) => first?.message)).toEqual(["`later.yaml` does not exist"]);
    w.save("later.yaml", "services: { later: { image: busybox } }\n");
    await w.rest();
    expect(w.effects.actions()).toEqual(["failed: reload : more.yaml", "reload : later.yaml"]);
    expect(Object.keys(w.effects.applied?.project.services ?? {})).toEqual(["api", "web", "more", "later"]);
  });

  test("a changed project file is read and applied; a broken one is told of, touches nothing, and holds builds until it is mended", async () => {
    await w.begin();
    const { runs } = w.effects;
    w.save("dock.yaml", "services: [");
    await w.rest();
    expect(w.effects.actions()).toEqual(["failed: reload : dock.yaml"]);
    expect(w.effects.errors[0]?.code).toBe("invalid-project");
    w.save("api/package.json", '{"held":1}');
    await w.rest();
    expect(w.effects.runs).toBe(runs);
    w.save("site/index.html", "synced all the same");
    await w.rest();
    expect(w.effects.files.get("web-1")?.get("/srv/index.html")).toBe("synced all the same");
    w.save("dock.yaml", PROJECT.replace("/srv", "/www"));
    await w.rest();
    expect(w.effects.applied?.inputs.images["api"]?.files.files["package.json"]).toBe('{"held":1}');
    expect(w.effects.actions().at(-1)).not.toContain("failed");
    expect(w.effects.files.get("web-1")?.has("/www/index.html")).toBe(true);
  });

  test("a failed build keeps what is applied, and the next good save mends it, also of a file that was new in the failed one", async () => {
    await w.begin();
    w.save("api/new.txt", "SYNTAX ERROR");
    await w.rest();
    expect(w.effects.actions()).toEqual(["failed: rebuild api: api/new.txt"]);
    expect(w.effects.applied?.inputs.images["api"]?.files.files["new.txt"]).toBeUndefined();
    w.save("api/new.txt", "good");
    await w.rest();
    expect(w.effects.actions().at(-1)).toBe("rebuild api: api/new.txt");
    expect(w.effects.applied?.inputs.images["api"]?.files.files["new.txt"]).toBe("good");
  });
});

describe("while a run is under way", () => {
  test("newer edits cut its build off twice, then one is let through and one more follows", async () => {
    await w.begin();
    w.effects.hold = true;
    const began = w.effects.runs;
    for (let round = 0; round < 4; round += 1) {
      w.save("api/package.json", `{"round":${round}}`);
      await w.clock.advance(200);
    }
    expect(w.effects.runs - began).toBe(3);
    expect(w.effects.held.map((run) => run.aborted())).toEqual([true, true, false]);
    w.effects.hold = false;
    w.effects.held[2]?.finish();
    await w.rest();
    expect(w.effects.runs - began).toBe(4);
    expect(w.effects.applied?.inputs.images["api"]?.files.files["package.json"]).toBe('{"round":3}');
  });

  test("sync and restart do not wait for an unrelated build", async () => {
    await w.begin();
    w.effects.hold = true;
    w.save("api/package.json", "{}\n");
    await w.clock.advance(200);
    expect(w.effects.held).toHaveLength(1);
    w.save("site/index.html", "quick");
    w.save("conf/a", "2");
    await w.clock.advance(60);
    expect(w.effects.calls).toEqual(["transfer web-1 +/srv/index.html", "restart web-1"]);
    expect(w.effects.held[0]?.aborted()).toBe(false);
    w.effects.held[0]?.finish();
    w.effects.hold = false;
    await w.rest();
  });

  test("what was saved unseen is found after it, and a new container gets everything", async () => {
    await w.begin();
    w.effects.hold = true;
    w.save("api/package.json", "{}\n");
    await w.clock.advance(200);
    w.tree.write("site/new.html", "nobody told");
    w.effects.containerIds.set("web", ["web-2"]);
    w.effects.hold = false;
    w.effects.held[0]?.finish();
    await w.rest();
    expect(w.effects.files.get("web-2")).toEqual(
      new Map([
        ["/srv/index.html", "one"],
        ["/srv/new.html", "nobody told"],
      ]),
    );
  });
});

test("under churn something is done after a second at most", async () => {
  await w.begin();
  w.save("site/index.html", "change");
  for (let index = 0; index < 60; index += 1) {
    w.save("site/churn.txt", String(index));
    await w.clock.advance(20);
    if (w.effects.calls.length > 0) break;
  }
  expect(w.clock.now() - 3000).toBeLessThanOrEqual(1100);
  expect(w.effects.files.get("web-1")?.get("/srv/index.html")).toBe("change");
});

test("what no event told of is found by a rescan within half a minute", async () => {
  await w.begin();
  w.tree.write("site/index.html", "silent");
  await w.clock.advance(31_000);
  expect(w.effects.files.get("web-1")?.get("/srv/index.html")).toBe("silent");
});

test("a sync that failed is made good with the next change or rescan", async () => {
  await w.begin();
  w.effects.failTransfers = new DockError("engine-unreachable", "no engine");
  w.save("site/index.html", "later");
  await w.rest();
  expect(w.effects.actions()).toEqual(["failed: sync web: site/index.html"]);
  w.effects.failTransfers = undefined;
  await w.clock.advance(31_000);
  expect(w.effects.files.get("web-1")?.get("/srv/index.html")).toBe("later");
});

test("a container that has gone while it was synced is no failure", async () => {
  await w.begin();
  w.effects.failTransfers = new DockError("engine-refused", "no such container");
  const gone = w.effects.containers.bind(w.effects);
  let asked = 0;
  w.effects.containers = async (service) => ((asked += 1) === 1 ? gone(service) : []);
  w.save("site/index.html", "gone");
  await w.rest();
  expect(w.effects.errors).toEqual([]);
});

describe("the end", () => {
  test("the watch ends with the signal's reason, and a run under way is broken off first", async () => {
    w.effects.hold = true;
    await w.begin();
    expect(w.effects.held).toHaveLength(1);
    await w[Symbol.asyncDispose]();
    expect(w.effects.held[0]?.aborted()).toBe(true);
    expect(await w.end()).toMatchObject({ code: "interrupted" });
  });

  test("a first run that no edit mends ends it; one that an edit mends does not", async () => {
    w.effects.hold = true;
    await w.begin();
    w.effects.held[0]?.fail(new DockError("conflict", "in the way"));
    await settle();
    expect(await w.end()).toMatchObject({ code: "conflict" });
  });

  test("after a first build that fails, the next good save brings it up", async () => {
    w.tree.write("api/package.json", "SYNTAX ERROR");
    await w.begin();
    expect(w.effects.applied).toBeUndefined();
    w.save("api/package.json", "{}");
    await w.rest();
    expect(w.effects.applied).toBeDefined();
  });

  test("a defect ends it as such", async () => {
    await w.begin();
    w.effects.gather = async () => {
      throw new TypeError("a bug");
    };
    w.save("api/another.txt", "x");
    await w.rest();
    expect(await w.end()).toBeInstanceOf(TypeError);
  });
});

test("after any saves, told of or not, in any state of a run, what is applied is what is on the disk", async () => {
  const path = fc.constantFrom(
    "api/package.json",
    "api/src/a.js",
    "api/x.txt",
    "site/index.html",
    "site/d/e.html",
    "conf/a",
  );
  const op = fc.oneof(
    fc.record({
      kind: fc.constant("save" as const),
      path,
      content: fc.constantFrom("1", "2", "SYNTAX ERROR"),
      told: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("remove" as const), path, told: fc.boolean() }),
    fc.record({ kind: fc.constant("pass" as const), time: fc.constantFrom(10, 70, 200, 1500) }),
    fc.record({ kind: fc.constant("finish" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 25 }), async (operations) => {
      await using one = new Watched(FILES);
      await one.begin();
      one.effects.hold = true;
      for (const step of operations) {
        if (step.kind === "pass") await one.clock.advance(step.time);
        else if (step.kind === "finish") one.effects.held.at(-1)?.finish();
        else {
          if (step.kind === "save") one.tree.write(step.path, step.content);
          else rmSync(one.tree.at(step.path), { force: true });
          if (step.told) one.hint(step.path);
        }
      }
      one.effects.hold = false;
      for (const run of one.effects.held) run.finish();
      // A file that breaks the build is mended at the end: what is applied can only be what builds.
      one.save("api/package.json", "mended");
      one.save("api/x.txt", "mended");
      one.save("api/src/a.js", "mended");
      await one.clock.advance(40_000);
      const project = await one.effects.load();
      const now = await one.effects.gather(project);
      expect(one.effects.applied?.inputs.images["api"]?.devFiles).toEqual(now.images["api"]?.devFiles);
      const there = ["index.html", "d/e.html"].flatMap((name) => {
        const path = one.tree.at(`site/${name}`);
        return existsSync(path) ? [[`/srv/${name}`, readFileSync(path, "utf8")] as const] : [];
      });
      expect(one.effects.files.get("web-1") ?? new Map()).toEqual(new Map(there));
    }),
    { numRuns: 40 },
  );
});
