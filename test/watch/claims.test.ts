import { symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Inputs } from "../../src/plan/inputs.ts";
import { loadProject } from "../../src/project/load.ts";
import { sha256 } from "../../src/std/digest.ts";
import { readClaims } from "../../src/watch/claims.ts";
import { type Coverage, coverageOf } from "../../src/watch/coverage.ts";
import type { Facts } from "../../src/watch/facts.ts";
import { type TempTree, tempTree } from "./temp-tree.ts";

async function coverage(tree: TempTree, more: Partial<Facts> = {}): Promise<Coverage> {
  const { project, diagnostics } = await loadProject({ cwd: tree.path, vars: {}, env: {} });
  if (!project) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const services = Object.keys(project.services);
  const images = new Set(Object.keys(project.images));
  const { files } = project;
  return coverageOf(
    readClaims({ project, mode: "dev", files, services, images, applied: undefined, behind: false, ...more }),
  );
}

/** Those of the paths that are covered. */
function covered(tree: TempTree, found: Coverage, ...paths: readonly string[]): readonly string[] {
  return paths.filter((path) => found.coversFile(tree.at(path)));
}

function applied(files: readonly string[]): Inputs {
  const marks = Object.fromEntries(files.map((name) => [name, "1"]));
  const app = {
    key: "app",
    files: { digest: sha256(""), files: marks },
    dockerfile: sha256(""),
    args: {},
    references: [],
    unverified: [],
  };
  return { images: { app }, environments: {}, hostUser: "0:0", salt: "" };
}

const APP = `
name: demo
images:
  app: { context: ./app }
services:
  app:
    image: app
`;

describe("what is watched", () => {
  test("the project's own files, and nothing beside them", async () => {
    using tree = tempTree({
      "dock.yaml": "name: demo\nservices: { a: { image: busybox, env_file: [./a.env] } }\n",
      "a.env": "",
      "README.md": "",
    });
    expect(covered(tree, await coverage(tree), "dock.yaml", ".env", "a.env", "README.md", "src/a.js")).toEqual([
      "dock.yaml",
      ".env",
      "a.env",
    ]);
  });

  test("a build context without what its ignore file keeps out, and without a repository's own files", async () => {
    using tree = tempTree({
      "dock.yaml": APP,
      "app/Dockerfile": "FROM scratch",
      "app/.dockerignore": "dist\n*.log\nvendor\n!vendor/keep\n",
    });
    const found = await coverage(tree);
    expect(
      covered(
        tree,
        found,
        "app/src/a.js",
        "app/dist/b.js",
        "app/x.log",
        "app/vendor/keep/c",
        "app/vendor/drop/d",
        "app/.git/HEAD",
        "app/Dockerfile",
        "app/.dockerignore",
        "app/Dockerfile.dockerignore",
      ),
    ).toEqual([
      "app/src/a.js",
      "app/vendor/keep/c",
      "app/Dockerfile",
      "app/.dockerignore",
      "app/Dockerfile.dockerignore",
    ]);
    expect(found.coversDirectory(tree.at("app/dist"))).toBe(false);
    expect(found.coversDirectory(tree.at("app/.git"))).toBe(false);
  });

  test("a Dockerfile that is ignored, or lies elsewhere, all the same", async () => {
    using tree = tempTree({
      "dock.yaml": APP.replace("./app }", "./app, dockerfile: ../build/Dockerfile.app }"),
      "app/.dockerignore": "*\n",
      "build/Dockerfile.app": "FROM scratch",
    });
    expect(
      covered(tree, await coverage(tree), "app/a.js", "build/Dockerfile.app", "build/other", "app/.dockerignore"),
    ).toEqual(["build/Dockerfile.app", "app/.dockerignore"]);
  });

  test("a dev bind, but not what other mounts cover or the host's own node_modules, unless an image takes them in", async () => {
    using tree = tempTree({
      "dock.yaml": `${APP}    dev: { mounts: ["./app:/app", /app/cache, "data:/app/data"] }\nvolumes: { data: {} }\n`,
      "app/Dockerfile": "FROM scratch",
      "app/.dockerignore": "secret\ncache\ndata\n*.log",
      "app/src/a.js": "",
    });
    const paths = [
      "app/src/a.js",
      "app/x.log",
      "app/secret/key",
      "app/cache/c",
      "app/data/d",
      "app/node_modules/m/index.js",
      "app/packages/p/node_modules/m/index.js",
    ];
    const found = await coverage(tree);
    expect(covered(tree, found, ...paths)).toEqual(["app/src/a.js", "app/x.log"]);
    const counted = await coverage(tree, { applied: applied(["node_modules/m/index.js"]) });
    expect(covered(tree, counted, ...paths)).toEqual(["app/src/a.js", "app/x.log", "app/node_modules/m/index.js"]);
    expect(counted.key).not.toBe(found.key);
    expect(covered(tree, await coverage(tree, { mode: "plain" }), ...paths)).toEqual([
      "app/src/a.js",
      "app/node_modules/m/index.js",
      "app/packages/p/node_modules/m/index.js",
    ]);
  });

  test("a context's node_modules where no bind hides it: it counts in the image", async () => {
    using tree = tempTree({ "dock.yaml": APP, "app/Dockerfile": "FROM scratch" });
    expect(covered(tree, await coverage(tree), "app/node_modules/m/index.js")).toHaveLength(1);
  });

  test("what rules name: a tree with its own patterns, a single file, also inside of what is ignored", async () => {
    using tree = tempTree({
      "dock.yaml": `${APP}    dev:
      watch:
        - { path: ./app/dist, action: sync, target: /srv, ignore: ["*.map"] }
        - { path: ./conf/one.json, action: restart }
        - { path: ./gone, action: restart }
`,
      "app/Dockerfile": "FROM scratch",
      "app/.dockerignore": "dist\n",
      "app/dist/a.js": "",
      "conf/one.json": "",
    });
    expect(
      covered(
        tree,
        await coverage(tree),
        "app/dist/a.js",
        "app/dist/a.js.map",
        "conf/one.json",
        "conf/two.json",
        "gone",
        "gone/inside",
      ),
    ).toEqual(["app/dist/a.js", "conf/one.json", "gone", "gone/inside"]);
  });

  test("a bind of a single file, and a root that is a link", async () => {
    using tree = tempTree({
      "dock.yaml":
        'name: demo\nservices: { a: { image: busybox, dev: { mounts: ["./nginx.conf:/etc/nginx.conf", "./link:/srv"] } } }\n',
      "nginx.conf": "",
      "real/a": "",
    });
    symlinkSync("real", tree.at("link"));
    const found = await coverage(tree);
    expect(covered(tree, found, "nginx.conf", "other.conf", "link/a", "real/a")).toEqual(["nginx.conf", "link/a"]);
    expect(found.roots).toContain(tree.at("link"));
  });

  test("the key tells coverages apart: it follows the ignore file's text", async () => {
    using tree = tempTree({ "dock.yaml": APP, "app/Dockerfile": "FROM scratch", "app/.dockerignore": "dist\n" });
    const before = (await coverage(tree)).key;
    expect((await coverage(tree)).key).toBe(before);
    tree.write("app/.dockerignore", "dist\ntmp\n");
    expect((await coverage(tree)).key).not.toBe(before);
  });

  test("an ignore file that nobody understands keeps nothing out", async () => {
    using tree = tempTree({ "dock.yaml": APP, "app/Dockerfile": "FROM scratch", "app/.dockerignore": "[\n" });
    expect(covered(tree, await coverage(tree), "app/a.js")).toEqual(["app/a.js"]);
  });
});
