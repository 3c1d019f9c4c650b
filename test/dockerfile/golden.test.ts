import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describeDockerfile, type GoldenCase } from "./describe-dockerfile.ts";

const CASES = fileURLToPath(new URL("../golden/dockerfile/", import.meta.url));

/** With UPDATE_GOLDEN=1 the expected texts are written anew, for a reviewer to read in the diff. */
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

describe("a Dockerfile is understood as the builder understands it", () => {
  it.each(readdirSync(CASES))("%s", (name) => {
    const folder = `${CASES}${name}/`;
    const dockerfile = readFileSync(`${folder}Dockerfile`, "utf8");
    const file = `${folder}case.json`;
    const asked: GoldenCase = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    const described = describeDockerfile(dockerfile, asked);
    if (UPDATE) writeFileSync(`${folder}expected.txt`, described);
    expect(described).toBe(readFileSync(`${folder}expected.txt`, "utf8"));
  });
});
