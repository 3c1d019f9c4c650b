import { describe, expect, it } from "vitest";
import { dockerfileSource } from "../../src/context/dockerfile-source.ts";
import type { OfferedSource } from "../../src/context/send.ts";

async function paths(source: OfferedSource, followPaths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const batch of source.entries({ include: [], exclude: [], followPaths }))
    found.push(...batch.map((entry) => entry.path));
  return found;
}

async function text(source: OfferedSource, path: string): Promise<string> {
  let read = "";
  for await (const chunk of source.read(path)) read += Buffer.from(chunk).toString();
  return read;
}

describe("dockerfileSource", () => {
  it("gives the text under the name that the builder asks for", async () => {
    const source = dockerfileSource({ name: "Dockerfile.dev", text: "FROM é\n" });
    const asked = ["Dockerfile.dev", "Dockerfile.dev.dockerignore", "dockerfile"];
    expect(await paths(source, asked)).toEqual(["Dockerfile.dev"]);
    expect(await text(source, "Dockerfile.dev")).toBe("FROM é\n");
  });

  it("gives the ignore file beside it, even an empty one", async () => {
    const source = dockerfileSource({ name: "Dockerfile", text: "FROM a\n", ignoreText: "" });
    expect(await paths(source, ["Dockerfile", "Dockerfile.dockerignore"])).toEqual([
      "Dockerfile",
      "Dockerfile.dockerignore",
    ]);
    expect(await text(source, "Dockerfile.dockerignore")).toBe("");
  });

  it("gives directories above a nested name, and nothing for other names", async () => {
    const source = dockerfileSource({ name: "./docker/web/Dockerfile", text: "FROM a\n" });
    expect(await paths(source, ["docker/web/Dockerfile"])).toEqual(["docker", "docker/web", "docker/web/Dockerfile"]);
    expect(await paths(source, ["Dockerfile"])).toEqual([]);
    await expect(text(source, "Dockerfile")).rejects.toThrow("was not offered");
  });
});
