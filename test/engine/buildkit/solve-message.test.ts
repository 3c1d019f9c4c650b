import { expect, test } from "vitest";
import { frontendAttributes, imageIdOf, solveRequest } from "../../../src/engine/buildkit/solve-message.ts";
import { fields } from "../../../src/engine/buildkit/pb.ts";
import { directorySource, plainRequest } from "./rig.ts";

const SOURCES = { context: directorySource("."), dockerfile: directorySource(".") };

test("a plain build needs few attributes", () => {
  expect(frontendAttributes(plainRequest({ sources: SOURCES }))).toEqual({
    filename: "Dockerfile",
    "image-resolve-mode": "local",
  });
});

test("every setting has its attribute", () => {
  const attributes = frontendAttributes(
    plainRequest({
      sources: SOURCES,
      dockerfileName: "Dockerfile.dev",
      target: "final",
      args: { A: "1", EMPTY: "" },
      labels: { "org.example": "x" },
      platforms: ["linux/amd64", "linux/arm64"],
      noCacheStages: ["a", "b"],
      pull: true,
      network: "none",
      extraHosts: [
        { host: "a.test", address: "10.0.0.1" },
        { host: "b.test", address: "::1" },
      ],
      shmSize: 65536,
      ulimits: [{ name: "nofile", soft: 1024, hard: 2048 }],
      namedContexts: { base: "docker-image://busybox" },
    }),
  );
  expect(attributes).toEqual({
    filename: "Dockerfile.dev",
    "image-resolve-mode": "pull",
    target: "final",
    "build-arg:A": "1",
    "build-arg:EMPTY": "",
    "label:org.example": "x",
    platform: "linux/amd64,linux/arm64",
    "no-cache": "a,b",
    "force-network-mode": "none",
    "add-hosts": "a.test=10.0.0.1,b.test=::1",
    "shm-size": "65536",
    ulimit: "nofile=1024:2048",
    "context:base": "docker-image://busybox",
  });
});

test("no cache at all is an empty list of stages", () => {
  const attributes = frontendAttributes(plainRequest({ sources: SOURCES, noCache: true, noCacheStages: ["a"] }));
  expect(attributes["no-cache"]).toBe("");
});

test("a context from an address takes the Dockerfile from there unless one is offered", () => {
  const contextUrl = "https://example.test/repo.git";
  expect(frontendAttributes(plainRequest({ sources: {}, contextUrl }))).toMatchObject({ context: contextUrl });
  expect(frontendAttributes(plainRequest({ sources: {}, contextUrl }))).not.toHaveProperty("dockerfilekey");
  const own = frontendAttributes(plainRequest({ sources: { dockerfile: SOURCES.dockerfile }, contextUrl }));
  expect(own).toMatchObject({ context: contextUrl, dockerfilekey: "dockerfile" });
});

test("another frontend is run when a build argument names it", () => {
  const request = plainRequest({ sources: SOURCES, args: { BUILDKIT_SYNTAX: "docker/dockerfile:1 --x" } });
  expect(frontendAttributes(request)).toMatchObject({
    source: "docker/dockerfile:1",
    cmdline: "docker/dockerfile:1 --x",
  });
  expect(texts(solveRequest(request, { ref: "r", session: "s" }), 6)).toEqual(["gateway.v0"]);
});

function texts(message: Buffer, number: number): string[] {
  return [...fields(message)].flatMap((field) =>
    field.kind === "bytes" && field.number === number ? [field.value.toString()] : [],
  );
}

test("old and new engines find the names of the result, and the host's network needs a permission", () => {
  const message = solveRequest(plainRequest({ sources: SOURCES, tags: ["a:1", "b:2"], network: "host" }), {
    ref: "r",
    session: "s",
  });
  expect(texts(message, 1)).toEqual(["r"]);
  expect(texts(message, 3)).toEqual(["moby"]);
  expect(texts(message, 4)).toEqual(["\n\u0004name\u0012\u0007a:1,b:2"]);
  expect(texts(message, 5)).toEqual(["s"]);
  expect(texts(message, 9)).toEqual(["network.host"]);
  expect(texts(message, 13)).toEqual(["\n\u0004moby\u0012\u000f\n\u0004name\u0012\u0007a:1,b:2"]);
});

test("an answer without an image's id is no success", () => {
  const id = `sha256:${"a".repeat(64)}`;
  expect(imageIdOf(new Map([["containerimage.digest", id]]))).toBe(id);
  expect(imageIdOf(new Map([["containerimage.config.digest", id]]))).toBe(id);
  expect(() => imageIdOf(new Map([["image.name", "x"]]))).toThrow(/no id of the built image \(image.name\)/);
});
