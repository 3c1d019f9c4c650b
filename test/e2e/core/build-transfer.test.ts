import { createServer, connect } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { type Scenario, scenario } from "../../support/scenario.ts";
import { printedEvents } from "../../support/scenario-plan.ts";

/** A way to the engine that reads along what dock sends. */
class CountedLine implements AsyncDisposable {
  readonly host: string;
  readonly #server;
  #sent = "";
  #bytes = 0;

  private constructor(path: string, enginePath: string) {
    this.host = `unix://${path}`;
    this.#server = createServer((near) => {
      const far = connect(enginePath);
      near.on("data", (chunk) => {
        this.#bytes += chunk.length;
        this.#sent += chunk.toString("latin1");
      });
      near.pipe(far).pipe(near);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
      }
    });
  }

  static async open(s: Scenario): Promise<CountedLine> {
    const path = join(s.root, "counted.sock");
    const line = new CountedLine(path, s.engine.socketPath);
    await new Promise<void>((resolve) => line.#server.listen(path, resolve));
    return line;
  }

  /** What was sent since the last time: bytes, and the files whose content was among them. */
  take(): { readonly bytes: number; readonly files: readonly string[] } {
    const files = [...new Set([...this.#sent.matchAll(/@@([\w/]+)@@/g)].map(([, name = ""]) => name))];
    const bytes = this.#bytes;
    [this.#sent, this.#bytes] = ["", 0];
    return { bytes, files };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Some 4 kB that hold the name twice: the frames that it is sent in may cut one of the two, never both. */
function file(name: string, edition = 1): string {
  return `@@${name}@@ ${edition} `.padEnd(2048, "x").repeat(2);
}

describe("what is sent to the builder", () => {
  scenario("is only what changed, also when two targets of one context are built in turns", async ({ s }) => {
    const names = Array.from({ length: 2000 }, (_, index) => `src/${index % 50}/f${index}`);
    await s.write({
      Dockerfile:
        "FROM busybox:latest AS one\nCOPY src/1 /src\nFROM busybox:latest AS two\nCOPY src/2 /src\nFROM busybox:latest\nCOPY src /src\n",
      ...Object.fromEntries(names.map((name) => [name, file(name)])),
    });
    const images = {
      all: { context: "." },
      one: { context: ".", target: "one" },
      two: { context: ".", target: "two" },
    };
    await s.declare({ images });
    await using line = await CountedLine.open(s);
    const build = async (...args: readonly string[]): Promise<ReturnType<CountedLine["take"]>> => {
      await s.dock(["build", ...args], { host: line.host });
      return line.take();
    };
    const cold = await build("all");
    expect(cold.files).toHaveLength(2000);
    const unchanged = await build("all", "--force");
    expect(unchanged.files).toEqual([]);
    expect(unchanged.bytes).toBeLessThan(250_000);
    expect((await build("all")).bytes).toBeLessThan(10_000);
    await s.write({ "src/7/f7": file("src/7/f7", 2) });
    const one = await build("all");
    expect(one.files).toEqual(["src/7/f7"]);
    expect(one.bytes - unchanged.bytes).toBeLessThan(20_000);
    expect((await build("one")).files).toHaveLength(40);
    expect((await build("two")).files).toHaveLength(40);
    for (const target of ["one", "two", "one"]) expect((await build(target, "--force")).files, target).toEqual([]);
    await s.removeUntagged();
  });
});

describe("how a build is told", () => {
  scenario(
    "names the first step that ran and the file that made it, then and later; warnings come last",
    async ({ s }) => {
      await s.write({
        "app/Dockerfile": "from busybox:latest\nCOPY base /base\nCOPY src /src\nRUN sleep 0.3; cat /src/a\n",
        "app/base": "base",
        "app/src/a": "one",
      });
      await s.declare({ images: { app: { context: "app" } } });
      await s.dock(["build"]);
      // What no earlier run has left in the builder's cache.
      await s.write({ "app/src/a": `two of ${s.project}` });
      const plain = await s.dock(["build", "--progress", "plain", "--force"]);
      const told = "ran from COPY src /src (src/a changed)";
      expect(plain.stderr).toContain(told);
      expect(plain.stderr).toMatch(/1 step cached|2 steps cached/);
      expect(plain.stderr.match(/warning: app: .*/g)).toEqual([expect.stringMatching(/\(uppercase\) \(line 1\)$/)]);
      expect((await s.dock(["why", "app"])).stdout).toContain(told);
      const { past } = JSON.parse((await s.dock(["why", "app", "--json"])).stdout) as {
        past: readonly { note?: string }[];
      };
      expect(past.at(-1)?.note).toContain(told);

      await s.write({ "app/src/a": `three of ${s.project}` });
      const json = await s.dock(["build", "--progress", "json"]);
      const events = printedEvents(json.stdout);
      expect(events.at(-1)).toMatchObject({ type: "result", ok: true });
      const steps = events.filter(({ type }) => type === "build-step") as unknown as readonly {
        name: string;
        state: string;
      }[];
      const last = new Map(steps.map(({ name, state }) => [name.replace(/^\[[^\]]*\] /, ""), state]));
      // The engine tells of cached steps when it gets to it.
      expect(Object.fromEntries([...last].filter(([name]) => /^(COPY|RUN)/.test(name)))).toEqual({
        "COPY base /base": "cached",
        "COPY src /src": "done",
        "RUN sleep 0.3; cat /src/a": "done",
      });
      const kinds = events.map(({ type }) => type);
      const warned = kinds.indexOf("build-warning");
      if (warned >= 0) expect(warned).toBeGreaterThan(kinds.lastIndexOf("build-step"));
      const refused = await s.dock(["build", "--progress", "fancy"], { code: 2 });
      expect(refused.stderr).toContain('--progress takes auto, tty, plain or json, not "fancy"');
      await s.removeUntagged();
    },
  );
});
