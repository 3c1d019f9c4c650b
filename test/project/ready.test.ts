import { describe, expect, test } from "vitest";
import { projectOf } from "../support/world.ts";

const probe = (ready: string) =>
  projectOf(`services:\n  web: { image: nginx, ready: "${ready}" }\n`).services["web"]?.ready;

describe("ready", () => {
  test.each([
    ["http :3000/healthz", { kind: "http", port: 3000, path: "/healthz" }],
    ["http 3000", { kind: "http", port: 3000, path: "/" }],
    ["tcp 5432", { kind: "tcp", port: 5432 }],
    ["tcp :5432", { kind: "tcp", port: 5432 }],
    ["log /ready to (accept|serve)/", { kind: "log", pattern: "ready to (accept|serve)" }],
  ])("%s", (text, expected) => {
    expect(probe(text)).toEqual(expected);
  });

  test.each(["http", "tcp 5432/path", "tcp 70000", "log ready", "log /(/", "udp 53"])(
    "refuses %s and says what it takes",
    (text) => {
      expect(() => probe(text)).toThrow("is no sign of readiness");
    },
  );
});
