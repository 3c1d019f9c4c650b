import fc from "fast-check";
import { expect, test } from "vitest";
import { readHttpAnswer } from "../../src/engine/http-answer.ts";

const bytes = (...lines: string[]): Buffer => Buffer.from(lines.join("\r\n"), "latin1");
const read = (...lines: string[]) => {
  const { status, headers, body } = readHttpAnswer(bytes(...lines), "GET");
  return { status, headers, body: body.toString() };
};

test("an answer of a known length is read to that length", () => {
  expect(read("HTTP/1.1 200 OK", "Content-Length: 2", "Api-Version: 1.51", "", "[]and more")).toEqual({
    status: 200,
    headers: { "content-length": "2", "api-version": "1.51" },
    body: "[]",
  });
});

test("an answer in chunks is put together, whatever they carry besides", () => {
  const chunks = ["4;note=x", "Wiki", "5", "pedia", "0", "Trailer: x", "", ""];
  expect(read("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked", "", ...chunks).body).toBe("Wikipedia");
});

test("an answer that says nothing of its length ends with the connection", () => {
  expect(read("HTTP/1.0 200 OK", "", "all of it").body).toBe("all of it");
});

test("announcements are passed over, and answers to HEAD and without content have no body", () => {
  const early = ["HTTP/1.1 103 Early Hints", "Link: x", "", ""].join("\r\n");
  expect(read(`${early}HTTP/1.1 404 Not Found`, "Content-Length: 1", "", "x")).toMatchObject({
    status: 404,
    body: "x",
  });
  expect(readHttpAnswer(bytes("HTTP/1.1 200 OK", "Content-Length: 9", "", ""), "HEAD").body).toHaveLength(0);
  expect(read("HTTP/1.1 204 No Content", "", "").body).toBe("");
});

test("headers of one name are joined", () => {
  expect(read("HTTP/1.1 200 OK", "Warning: a", "warning: b", "", "").headers).toEqual({ warning: "a, b" });
});

test.each([
  ["nothing", []],
  ["no head", ["hello", "", ""]],
  ["half a head", ["HTTP/1.1 200 OK", "Content-Le"]],
  ["a line without a colon", ["HTTP/1.1 200 OK", "Content-Length", "", ""]],
  ["another protocol", ["HTTP/1.1 101 Switching Protocols", "Upgrade: tcp", "", ""]],
  ["a length that is none", ["HTTP/1.1 200 OK", "Content-Length: -1", "", ""]],
  ["another coding", ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", "", ""]],
  ["a chunk's length that is none", ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "zz", "x", "0", "", ""]],
  [
    "a chunk that is longer than it says",
    ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "1", "xyz", "0", "", ""],
  ],
])("%s is no answer", (_, lines) => {
  expect(() => readHttpAnswer(bytes(...lines), "GET")).toThrow(/answer|protocols/);
});

/** Answers whose end can be told from the bytes alone. */
const whole = fc
  .record({ pieces: fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 5 }), chunked: fc.boolean() })
  .map(({ pieces, chunked }) => {
    const bodies = pieces.map((piece) => Buffer.from(piece));
    const body = Buffer.concat(bodies);
    const head = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
    const sent = chunked
      ? [...bodies.flatMap((each) => [`${each.length.toString(16)}\r\n`, each, "\r\n"]), "0\r\n\r\n"]
      : [body];
    const all = [`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`, ...sent].map((part) => Buffer.from(part));
    return { body, bytes: Buffer.concat(all) };
  });

test("a whole answer gives its body, and no beginning of it is taken for the whole", () => {
  fc.assert(
    fc.property(whole, fc.nat(), (answer, cut) => {
      expect(readHttpAnswer(answer.bytes, "GET").body).toEqual(answer.body);
      const part = answer.bytes.subarray(0, cut % answer.bytes.length);
      expect(() => readHttpAnswer(part, "GET")).toThrow("answer");
    }),
  );
});
