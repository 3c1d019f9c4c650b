import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadIgnore } from "../../src/context/load-ignore.ts";
import { temporaryDirectory, unprivileged } from "./temporary.ts";

describe("loadIgnore", () => {
  it("prefers the Dockerfile's own ignore file, which stands beside it", () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/docker`);
    writeFileSync(`${root}/.dockerignore`, "a\n");
    writeFileSync(`${root}/docker/Dockerfile.dev.dockerignore`, "b\n");
    const own = loadIgnore(root, `${root}/docker/Dockerfile.dev`);
    expect(own.file).toBe(`${root}/docker/Dockerfile.dev.dockerignore`);
    expect(own.patterns.match("a").matched).toBe(false);
    expect(own.patterns.match("b").matched).toBe(true);
    expect(loadIgnore(root, `${root}/docker/Dockerfile`).text).toBe("a\n");
    expect(loadIgnore(root, undefined).file).toBe(`${root}/.dockerignore`);
  });

  it("ignores nothing where there is no ignore file", () => {
    const ignore = loadIgnore(temporaryDirectory(), undefined);
    expect(ignore).toMatchObject({ text: "" });
    expect(ignore.file).toBeUndefined();
    expect(ignore.patterns.match("a").matched).toBe(false);
  });

  it("takes an empty own ignore file for its word", () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/.dockerignore`, "a\n");
    writeFileSync(`${root}/Dockerfile.dockerignore`, "");
    expect(loadIgnore(root, `${root}/Dockerfile`).patterns.match("a").matched).toBe(false);
  });

  it("follows links inside of the context, as the builder does", () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/shared`);
    writeFileSync(`${root}/shared/ignore`, "a\n");
    symlinkSync("/shared/ignore", `${root}/.dockerignore`);
    expect(loadIgnore(root, undefined).text).toBe("a\n");
    mkdirSync(`${root}/other`);
    symlinkSync("../shared/ignore", `${root}/other/.dockerignore`);
    expect(loadIgnore(`${root}/other`, undefined).text).toBe("");
    symlinkSync("loop.dockerignore", `${root}/loop.dockerignore`);
    expect(loadIgnore(root, `${root}/loop`).text).toBe("a\n");
  });

  it("fails where it can't be read or understood", async () => {
    const root = temporaryDirectory();
    chmodSync(root, 0o755);
    writeFileSync(`${root}/.dockerignore`, "a\n", { mode: 0 });
    await expect(unprivileged(async () => loadIgnore(root, undefined))).rejects.toThrow(
      `cannot read ${root}/.dockerignore: EACCES`,
    );
    mkdirSync(`${root}/Dockerfile.dockerignore`);
    expect(() => loadIgnore(root, `${root}/Dockerfile`)).toThrow("EISDIR");
    writeFileSync(`${root}/Other.dockerignore`, "a\n[\n");
    expect(() => loadIgnore(root, `${root}/Other`)).toThrow('has a malformed pattern: "["');
  });
});
