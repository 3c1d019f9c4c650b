import { expect, test } from "vitest";
import { dueAt, Gathering, SETTLED, SOON } from "../../src/watch/batch.ts";

test("hints are due after the quiet time, which each new one begins anew", () => {
  const gathering = new Gathering();
  expect(gathering.dueAt).toBeUndefined();
  gathering.add({ kind: "path", path: "/a" }, 1000);
  expect(gathering.dueAt).toBe(1060);
  gathering.add({ kind: "path", path: "/b" }, 1050);
  expect(gathering.dueAt).toBe(1110);
  expect(gathering.take()).toEqual({
    span: { first: 1000, last: 1050 },
    look: { kind: "paths", paths: new Set(["/a", "/b"]) },
  });
  expect(gathering.dueAt).toBeUndefined();
  expect(gathering.take()).toBeUndefined();
});

test("under churn hints are due a second after the first", () => {
  const gathering = new Gathering();
  for (let now = 0; now <= 980; now += 20) gathering.add({ kind: "path", path: "/churn" }, now);
  expect(gathering.dueAt).toBe(1000);
});

test("a build waits for longer quiet, but no longer under churn", () => {
  expect(dueAt({ first: 0, last: 0 }, SOON)).toBe(60);
  expect(dueAt({ first: 0, last: 0 }, SETTLED)).toBe(150);
  expect(dueAt({ first: 0, last: 990 }, SETTLED)).toBe(1000);
});

test("a burst or a source that lost track asks to look at everything, once", () => {
  const burst = new Gathering();
  for (let index = 0; index <= 500; index += 1) burst.add({ kind: "path", path: `/f${index}` }, index);
  expect(burst.take()).toMatchObject({ look: { kind: "everything" } });
  burst.add({ kind: "path", path: "/a" }, 2000);
  expect(burst.take()).toMatchObject({ look: { kind: "paths" } });
  const lost = new Gathering();
  lost.add({ kind: "path", path: "/a" }, 0);
  lost.add({ kind: "everything", because: "watching failed" }, 1);
  expect(lost.take()).toEqual({
    span: { first: 0, last: 1 },
    look: { kind: "everything" },
    because: "watching failed",
  });
});
