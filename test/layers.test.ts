import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** Which rooms a room may import; types count. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  std: [],
  diagnostic: ["std"],
  error: ["diagnostic"],
  event: ["diagnostic", "error", "project", "plan"],
  dockerfile: ["std", "diagnostic"],
  project: ["std", "diagnostic", "error", "dockerfile"],
  context: ["std", "error", "dockerfile"],
  gather: ["std", "diagnostic", "error", "project", "dockerfile", "context", "plan"],
  plan: ["std", "project", "dockerfile"],
  engine: ["std", "error", "plan"],
  execute: ["std", "error", "context", "gather", "project", "plan", "engine", "event"],
  watch: ["std", "error", "context", "gather", "project", "plan", "event"],
  ui: ["std", "error", "diagnostic", "plan", "event"],
  cli: [
    "std",
    "diagnostic",
    "error",
    "event",
    "dockerfile",
    "project",
    "context",
    "gather",
    "plan",
    "engine",
    "execute",
    "watch",
    "ui",
  ],
  main: ["cli", "error"],
};

/** Packages that only one place may load. */
const ONLY_IN: Readonly<Record<string, RegExp>> = {
  dockerode: /^engine\//,
  yaml: /^project\//,
  chokidar: /^watch\//,
  listr2: /^ui\//,
  commander: /^cli\//,
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function imports(): readonly Import[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".gen.ts"))
    .flatMap((file) => {
      const text = readFileSync(join(SRC, file), "utf8");
      const found = text.matchAll(/(?:^|[\s;})])(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g);
      return [...found].map(([, specifier = ""]) => ({ file, specifier }));
    });
}

const roomOf = (path: string): string => path.split("/")[0]?.replace(/\.(ts|mjs|cjs)$/, "") ?? "";

test("every import keeps to the rooms that its own may enter", () => {
  const breaches = imports().flatMap(({ file, specifier }) => {
    if (!specifier.startsWith(".")) return [];
    const target = roomOf(relative(SRC, resolve(SRC, dirname(file), specifier)));
    const room = roomOf(file);
    const allowed = MAY_IMPORT[room];
    if (!allowed) return [`${file}: room ${room} is not in the table`];
    return target === room || target === ".." || allowed.includes(target) ? [] : [`${file} imports ${specifier}`];
  });
  expect(breaches).toEqual([]);
});

test("the planner knows neither the machine nor a package", () => {
  const breaches = imports().filter(({ file, specifier }) => roomOf(file) === "plan" && !specifier.startsWith("."));
  expect(breaches).toEqual([]);
});

test("heavy packages are loaded in one place each", () => {
  const breaches = imports().filter(({ file, specifier }) => {
    const room = ONLY_IN[specifier];
    return room !== undefined && !room.test(file);
  });
  expect(breaches).toEqual([]);
});
