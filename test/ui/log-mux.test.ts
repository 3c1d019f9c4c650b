import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogLines } from "../../src/ui/log-lines.ts";
import { LogMux } from "../../src/ui/log-mux.ts";
import { styleWith } from "../../src/ui/style.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

function mux(names: readonly string[], color = false, prefixed = true) {
  const text = { stdout: "", stderr: "" };
  const sink = (name: "stdout" | "stderr") => ({
    write: (piece: string): boolean => {
      text[name] += piece;
      return true;
    },
    once: () => undefined,
    removeListener: () => undefined,
  });
  const style = styleWith({ color });
  const outputs = { stdout: sink("stdout"), stderr: sink("stderr") };
  return { text, mux: new LogMux({ outputs, styles: { stdout: style, stderr: style }, names, prefixed }) };
}

describe("LogMux", () => {
  test("lines carry their container's name, aligned, and stay on their stream", async () => {
    const { text, mux: logs } = mux(["web-1", "worker-12"]);
    const web = logs.source("web-1");
    const worker = logs.source("worker-12");
    await web.write("stdout", "GET /\nGET /a");
    await worker.write("stderr", "warn\n");
    await web.write("stdout", "bout\n");
    expect(text).toEqual({
      stdout: "web-1      | GET /\nweb-1      | GET /about\n",
      stderr: "worker-12  | warn\n",
    });
  });

  test("what comes without a line end is printed when the log ends", async () => {
    const { text, mux: logs } = mux(["web-1"]);
    const web = logs.source("web-1");
    await web.write("stdout", "bye");
    await web.write("stderr", new TextEncoder().encode("é").slice(0, 1));
    await web.end();
    expect(text).toEqual({ stdout: "web-1  | bye\n", stderr: "web-1  | \ufffd\n" });
  });

  test("each container has a colour of its own, and its lines' colours end with the line", async () => {
    const { text, mux: logs } = mux(["a-1", "b-1"], true);
    await logs.source("a-1").write("stdout", "\x1b[31mred\n");
    await logs.source("b-1").write("stdout", "plain\n");
    expect(text.stdout).toBe("\x1b[36ma-1  |\x1b[39m \x1b[31mred\x1b[0m\n\x1b[33mb-1  |\x1b[39m plain\n");
  });

  test("the containers of one service share its colour", async () => {
    const { text, mux: logs } = mux(["a-1", "a-2", "b-1"], true);
    for (const name of ["a-2", "b-1"]) await logs.source(name).write("stdout", "x\n");
    expect(text.stdout).toBe("\x1b[36ma-2  |\x1b[39m x\n\x1b[33mb-1  |\x1b[39m x\n");
  });

  test("without prefixes lines stand alone, and remarks still say whom they are about", async () => {
    const { text, mux: logs } = mux(["web-1"], false, false);
    await logs.source("web-1").write("stdout", "GET /\n");
    logs.remark("web-1", "exited with code 1");
    expect(text).toEqual({ stdout: "GET /\n", stderr: "web-1 exited with code 1\n" });
  });

  test("remarks of dock's own are in place of a log line", () => {
    const { text, mux: logs } = mux(["web-1"]);
    logs.remark("web-1", "exited with code 1");
    expect(text.stderr).toBe("web-1  | exited with code 1\n");
  });

  test("nothing a container prints is at the beginning of a line or touches the terminal", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { maxLength: 8 }), async (chunks) => {
        const { text, mux: logs } = mux(["web-1"], true);
        const web = logs.source("web-1");
        for (const chunk of chunks) await web.write("stdout", chunk);
        await web.end();
        expect(text.stdout).toMatch(SAFE_OUTPUT);
        for (const line of text.stdout.split("\n").slice(0, -1)) {
          expect(line.startsWith("\x1b[36mweb-1  |\x1b[39m ")).toBe(true);
        }
      }),
    );
  });

  test("a slow reader slows the writer, a closed one lets it go", async () => {
    const style = styleWith({ color: false });
    const pipe = new PassThrough({ highWaterMark: 16, encoding: "utf8" });
    const logs = new LogMux({ outputs: { stdout: pipe, stderr: pipe }, styles: { stdout: style, stderr: style } });
    const web = logs.source("web-1");
    let settled = 0;
    const first = web.write("stdout", `${"x".repeat(100)}\n`).then(() => (settled += 1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(0);
    pipe.resume();
    await first;
    pipe.pause();
    const second = web.write("stdout", `${"x".repeat(100)}\n`);
    pipe.destroy();
    await second;
  });
});

describe("LogLines", () => {
  test("characters may be cut anywhere", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.integer({ min: 1, max: 7 }), (texts, size) => {
        const bytes = new TextEncoder().encode(`${texts.join("\n")}\n`);
        const lines = new LogLines();
        const got: string[] = [];
        for (let start = 0; start < bytes.length; start += size)
          got.push(...lines.push(bytes.slice(start, start + size)));
        got.push(...lines.end());
        const whole = new LogLines();
        expect(got).toEqual([...whole.push(bytes), ...whole.end()]);
      }),
    );
  });

  test("a line that never ends is given out in pieces, so little is held", () => {
    const lines = new LogLines();
    const pieces = Array.from({ length: 100 }, () => lines.push("x".repeat(1000))).flat();
    expect(pieces.length).toBe(6);
    expect(pieces.concat(lines.end()).join("")).toBe("x".repeat(100_000));
  });

  test("a long line is cut neither in a colour nor in a character", () => {
    const color = new LogLines();
    const pieces = [...color.push(`${"x".repeat(16_382)}\x1b[31mred`), ...color.end()];
    expect(pieces).toEqual(["x".repeat(16_382), "\x1b[31mred"]);
    const emoji = new LogLines();
    expect([...emoji.push(`${"x".repeat(16_383)}👍`), ...emoji.end()]).toEqual(["x".repeat(16_383), "👍"]);
  });
});
