import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { reportError } from "../../src/cli/report.ts";
import { EXIT_BUG } from "../../src/error.ts";
import { Redactor } from "../../src/ui/redactor.ts";

test("what dock says of its own crash holds no secret: neither message, nor stack, nor causes, nor each of several errors", () => {
  const secret = "c4n4ry-5d41402abc4b";
  const redactor = new Redactor();
  redactor.learn([secret]);
  const said: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (said.push(chunk.toString()), done()) });
  const io = { stdin: new PassThrough(), stdout: sink, stderr: sink, cwd: "/", env: { TOKEN: secret } };
  const bug = new Error(`cannot read "${secret}"`, { cause: new TypeError(`while parsing ${secret}`) });
  bug.stack = `${String(bug)}\n    at send(${secret})`;
  for (const error of [bug, new AggregateError([bug, secret]), secret])
    expect(reportError(error, { io, globals: { json: true }, redactor })).toBe(EXIT_BUG);
  const text = said.join("");
  expect(text).not.toContain(secret);
  expect(text.match(/internal error:/g)).toHaveLength(4);
  expect(text.match(/\(hidden\)/g)?.length).toBeGreaterThanOrEqual(8);
});
