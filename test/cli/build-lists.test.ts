import { expect, test } from "vitest";
import { imageOverrides } from "../../src/cli/set-options.ts";
import { commandLine, projectFile } from "../support/command-line.ts";

const PROJECT = {
  vars: {
    RELEASE: { default: 1, type: "number", description: "what is packaged" },
    MIRROR: { description: "where packages come from" },
    PLAIN: "x",
  },
  images: {
    _base: { args: { RELEASE: "${RELEASE}" } },
    app: {
      inherits: "_base",
      matrix: { os: ["slim", "full"] },
      dockerfile: "${matrix.os}.Dockerfile",
      context: "./app",
    },
    tool: { context: "./tool", target: "run", tags: ["tool:1"] },
  },
  groups: { all: ["app", "tool"] },
};

test.each([
  ["app.target=x", { pattern: "app", key: "target", append: false, value: "x" }],
  ["*.args.A.B=x=y", { pattern: "*", key: "args", entry: "A.B", append: false, value: "x=y" }],
  ["a.b.tags+=c:d", { pattern: "a.b", key: "tags", append: true, value: "c:d" }],
  ["a.platform=linux/amd64", { pattern: "a", key: "platforms", append: false, value: "linux/amd64" }],
  ["a.no-cache=true", { pattern: "a", key: "no_cache", append: false, value: "true" }],
])("--set %s is read", (text, expected) => {
  expect(imageOverrides([text])).toEqual([{ text, entry: undefined, ...expected }]);
});

test.each(["app", "app=x", "=x", ""])("--set %j is refused", (text) => {
  expect(() => imageOverrides([text])).toThrow("--set takes IMAGE.KEY=VALUE");
});

commandLine("build lists images with their groups, and variables with what they are for", async ({ line }) => {
  await line.write({ "dock.yaml": projectFile(PROJECT) });
  const { stdout } = await line.dock(["build", "--list"]);
  expect(stdout.split("\n").map((row) => row.replaceAll(/ {2,}/g, " | "))).toEqual([
    "IMAGE | CONTEXT | DOCKERFILE | TAGS | GROUPS",
    "app-full | app | full.Dockerfile | shop-app-full:latest | all app",
    "app-slim | app | slim.Dockerfile | shop-app-slim:latest | all app",
    "tool | tool | Dockerfile (run) | tool:1 | all",
    "",
  ]);
  const variables = await line.dock(["build", "--list=variables", "--json"]);
  expect(JSON.parse(variables.stdout)).toEqual([
    { name: "RELEASE", type: "number", description: "what is packaged", default: "1" },
    { name: "MIRROR", description: "where packages come from" },
    { name: "PLAIN", default: "x" },
  ]);
  expect((await line.dock(["build", "--list=everything"], { code: 2 })).stderr).toContain("images or variables");
});

commandLine("build --print shows the images of a matrix's group, with what --set changes", async ({ line }) => {
  await line.write({ "dock.yaml": projectFile(PROJECT) });
  const set = ["--set", "app-*.args.RELEASE=2", "--set", "app-slim.tags+=app:slim", "--var", "RELEASE=7"];
  const { stdout } = await line.dock(["build", "app", "--print", ...set]);
  const { images } = JSON.parse(stdout) as { images: Record<string, { args: object; tags: object }> };
  expect(Object.entries(images).map(([key, { args, tags }]) => [key, args, tags])).toEqual([
    ["app-slim", { RELEASE: "2" }, ["app:slim"]],
    ["app-full", { RELEASE: "2" }, ["shop-app-full:latest"]],
  ]);
  const wrong = await line.dock(["build", "--print", "--set", "ap.target=x", "--set", "app-slim.trget=x"], { code: 2 });
  expect(wrong.stderr).toContain("no image is called `ap`");
  expect(wrong.stderr).toContain("did you mean `target`?");
  const typed = await line.dock(["build", "--print", "--var", "RELEASE=new"], { code: 2 });
  expect(typed.stderr).toContain("the variable `RELEASE` must be a number");
  expect(typed.stderr).not.toContain("new");
});

commandLine(
  "build --outline shows the arguments of Dockerfiles with defaults and what they are given",
  async ({ line }) => {
    await line.write({
      "dock.yaml": projectFile(PROJECT),
      "app/slim.Dockerfile": "ARG BASE=busybox\nFROM $BASE AS one\nARG RELEASE\nARG BASE\nFROM one\nARG RELEASE=0\n",
    });
    const { stdout } = await line.dock(["build", "app-slim", "--outline"]);
    expect(stdout.split("\n").map((row) => row.trim().replaceAll(/ {2,}/g, " | "))).toEqual([
      "app-slim",
      "ARGUMENT | VALUE | DEFAULT | LINE | STAGES",
      "BASE | busybox | 1 | one",
      "RELEASE | 1 | 0 | 3 | one 1",
      "",
    ]);
  },
);
