import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DockError } from "../../src/error.ts";
import type { Event } from "../../src/event.ts";
import { createRenderer, type RendererMode } from "../../src/ui/renderer.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";
import { action, build, creation, planOf } from "./plan-builder.ts";
import { Screen } from "./screen.ts";

const started = (id: string): Event => ({ type: "action-started", id });
const done = (id: string): Event => ({ type: "action-done", id, durationMs: 20 });
const plan = planOf([build("web"), ...creation("web")]);
const ids = plan.actions.map(({ id }) => id);

function pipe() {
  const sink = {
    text: "",
    write: (piece: string): boolean => {
      sink.text += piece;
      return true;
    },
  };
  return sink;
}

async function run(mode: RendererMode, events: readonly Event[], env: Readonly<Record<string, string>> = {}) {
  const [stdout, stderr] = [new Screen(), new Screen()];
  const renderer = createRenderer({ mode, verbose: false, stdout, stderr, env });
  for (const event of events) renderer.emit(event);
  await renderer[Symbol.asyncDispose]();
  return { stdout, stderr };
}

describe("createRenderer", () => {
  test.each<[string, RendererMode, Readonly<Record<string, string>>, boolean]>([
    ["a terminal gets a live display", "auto", {}, true],
    ["CI gets plain lines", "auto", { CI: "true" }, false],
    ["a dumb terminal gets plain lines", "auto", { TERM: "dumb" }, false],
    ["plain is plain on a terminal too", "plain", {}, false],
    ["tty is live in CI too", "tty", { CI: "true" }, true],
  ])("%s", async (_, mode, env, live) => {
    const { stderr } = await run(mode, [{ type: "plan", plan }, ...ids.flatMap((id) => [started(id), done(id)])], env);
    expect(stderr.raw.includes("\x1b[?25l")).toBe(live);
  });

  test("an image that loses several tags is told of once", async () => {
    const untag = ["1", "2", "3"].map((tag) => ({
      ...action("image:web", { kind: "image.remove", ref: `shop-web:in-${tag}` }),
      id: `image.remove image:web ${tag}`,
    }));
    const events = untag.flatMap(({ id }) => [started(id), done(id)]);
    const { stderr } = await run("plain", [{ type: "plan", plan: planOf(untag) }, ...events]);
    expect(stderr.raw.match(/untagged/g)).toHaveLength(1);
  });

  test("auto on a pipe gives plain lines without colours", async () => {
    const [stdout, stderr] = [pipe(), pipe()];
    const renderer = createRenderer({ mode: "auto", verbose: false, stdout, stderr, env: {} });
    renderer.emit({ type: "plan", plan });
    await renderer[Symbol.asyncDispose]();
    expect(stderr.text).not.toContain("\x1b");
    expect(stdout.text).toBe("");
  });

  test("json goes to stdout and nothing to stderr", async () => {
    const { stdout, stderr } = await run("json", [{ type: "plan", plan }, started(ids[0] ?? "")]);
    const lines = stdout.raw.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { v: number; type: string }).type)).toEqual([
      "plan",
      "action-started",
    ]);
    expect(stderr.raw).toBe("");
  });

  test("quiet says only what is a warning", async () => {
    const { stdout, stderr } = await run("quiet", [
      { type: "plan", plan },
      { type: "notice", message: "hello" },
      { type: "warning", message: "careful" },
    ]);
    expect(stderr.text).toBe("warning: careful");
    expect(stdout.raw).toBe("");
  });
});

describe("the live display", () => {
  test("leaves a list of what was done, the news in order, and the cursor", async () => {
    const { stderr } = await run("tty", [
      { type: "plan", plan },
      ...ids.flatMap((id) => [started(id), done(id)]),
      { type: "notice", message: "http://127.0.0.1:8080" },
      { type: "plan", plan: planOf([], ["image:web", "service:web/1"]) },
    ]);
    expect(stderr.text.replaceAll(/\d+\.\d s/g, "0.0 s")).toBe(
      [
        "▸ image:web      build   not there yet",
        "+ service:web/1  create  not there yet",
        "",
        "Plan: 1 to build, 1 to create",
        "",
        "✔ image:web      built          0.0 s",
        "✔ service:web/1  created        0.0 s",
        "http://127.0.0.1:8080",
      ].join("\n"),
    );
    expect(stderr.cursorVisible).toBe(true);
    expect(stderr.tooLong).toEqual([]);
  });

  test("plans that follow each other get a list each, in order", async () => {
    const again = planOf([build("web", { reasons: [{ code: "files-changed", files: ["package.json"] }] })]);
    const { stderr } = await run("tty", [
      { type: "plan", plan: planOf([build("web")]) },
      started(ids[0] ?? ""),
      done(ids[0] ?? ""),
      { type: "watch-action", action: "live", services: [], files: ["src/App.vue"], durationMs: 14, ok: true },
      { type: "plan", plan: again },
      started(ids[0] ?? ""),
      done(ids[0] ?? ""),
      { type: "watch-action", action: "rebuild", services: ["web"], files: ["package.json"], durationMs: 9, ok: true },
    ]);
    expect(stderr.text.replaceAll(/\d+\.\d s/g, "0.0 s").split("\n")).toEqual([
      "▸ image:web  build  not there yet",
      "",
      "Plan: 1 to build",
      "",
      "✔ image:web  built          0.0 s",
      "src/App.vue → live, 14 ms",
      "▸ image:web  build  files changed: package.json",
      "",
      "Plan: 1 to build",
      "",
      "✔ image:web  built          0.0 s",
      "package.json → rebuild web, 9 ms",
    ]);
  });

  test("says that all is well when there is nothing to do, and draws nothing", async () => {
    const { stderr } = await run("tty", [{ type: "plan", plan: planOf([], ["service:web/1"]) }]);
    expect(stderr.text).toBe("✔ Everything is up to date (1 service)");
    expect(stderr.raw).not.toContain("\x1b[?25");
  });

  test("an interrupted run ends its list", async () => {
    const { stderr } = await run("tty", [{ type: "plan", plan }, started(ids[0] ?? "")]);
    expect(stderr.text).toMatch(/◌ image:web {6}not done +0\.\d s {2}interrupted\n◌ service:web\/1 {2}not done/);
    expect(stderr.cursorVisible).toBe(true);
  });

  test("gives stdout and stderr back as they were", async () => {
    const { stdout, stderr } = await run("tty", [
      { type: "plan", plan },
      ...ids.flatMap((id) => [started(id), done(id)]),
    ]);
    expect(Object.hasOwn(stdout, "write")).toBe(false);
    expect(Object.hasOwn(stderr, "write")).toBe(false);
  });
});

test("whatever events hold, nothing of it reaches the terminal's controls", async () => {
  const events = (text: string): readonly Event[] => {
    const dirty = planOf(
      [build(text, { reasons: [{ code: "config-changed", path: text, before: text, after: text }], destroys: text })],
      [text],
    );
    const id = dirty.actions[0]?.id ?? "";
    const step = { type: "build-step", image: text, step: "1", name: `[1/2] ${text}` } as const;
    return [
      { type: "plan", plan: dirty },
      started(id),
      { ...step, state: "running" },
      { type: "build-log", image: text, step: "1", text },
      { type: "build-progress", image: text, step: "1", what: text, current: 1, total: 2 },
      { type: "build-warning", image: text, message: text },
      { ...step, state: "failed", durationMs: 5 },
      { type: "action-failed", id, durationMs: 5, error: new DockError("build-failed", text, { hint: text }) },
      { type: "pull-progress", ref: text, what: text },
      { type: "notice", message: text },
      { type: "warning", message: text, hint: text },
      { type: "watch-ready", roots: [text], files: 1 },
      {
        type: "watch-change",
        files: 1,
        branch: { from: text, to: text },
        changes: [{ path: text, decision: text, reason: text }],
      },
      { type: "watch-action", action: text, services: [text], files: [text], durationMs: 1, ok: false, message: text },
    ];
  };
  await fc.assert(
    fc.asyncProperty(hostileText, fc.constantFrom<RendererMode>("plain", "json", "quiet"), async (text, mode) => {
      const { stdout, stderr } = await run(mode, events(text));
      expect(stdout.raw).toMatch(SAFE_OUTPUT);
      expect(stderr.raw).toMatch(SAFE_OUTPUT);
    }),
  );
  await fc.assert(
    fc.asyncProperty(hostileText, async (text) => {
      const { stderr } = await run("tty", events(text));
      // oxlint-disable-next-line no-control-regex
      const own = /\x1b\[(?:2K|1A|G|\?25[lh])/g;
      expect(stderr.raw.replaceAll(own, "")).toMatch(SAFE_OUTPUT);
    }),
    { numRuns: 25 },
  );
});
