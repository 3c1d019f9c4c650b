import { expect, test } from "vitest";
import { needsContainerdStore, unmetBuildNeeds } from "../../src/plan/build-needs.ts";
import { compileText } from "../support/compile-text.ts";
import type { Image } from "../../src/project/image-model.ts";

const OLD = { apiVersion: "1.41", version: "20.10.24", containerdStore: false };
const CLASSIC = { apiVersion: "1.51", version: "28.5.2", containerdStore: false };
const CONTAINERD = { ...CLASSIC, containerdStore: true };

function image(settings: string): Image {
  const { project } = compileText(`images:\n  a: { context: ., ${settings} }\n`);
  const found = project?.images["a"];
  if (!found) throw new Error("the project does not compile");
  return found;
}

test("each engine is told apart by what its builder and its store can do", () => {
  const rows = [
    ["shm_size: 64m", ["shm_size"], [], []],
    ["ulimits: { nofile: 100 }", ["ulimits"], [], []],
    ["contexts: { b: 'docker-image://busybox' }", ["contexts"], [], []],
    ["extra_hosts: ['h:host-gateway']", ["host-gateway in extra_hosts"], [], []],
    ["extra_hosts: ['h:10.0.0.1']", [], [], []],
    ["platforms: [linux/arm64]", [], [], []],
    ["platforms: [linux/amd64, linux/arm64]", ["2 platforms"], ["2 platforms"], []],
    ["provenance: true", ["provenance"], ["provenance"], []],
    ["provenance: false, sbom: 'false'", [], [], []],
    ["sbom: true", ["sbom"], ["sbom"], []],
    ["cache_to: 'type=inline', cache_from: 'example/app:cache'", [], [], []],
    ["cache_to: 'example/app:cache'", ["cache_to a registry"], ["cache_to a registry"], []],
    ["output: ['type=oci,dest=a.oci']", ["output oci"], ["output oci"], []],
    ["output: ['type=local,dest=a', 'type=tar,dest=b.tar']", [], [], []],
  ] as const;
  for (const [settings, ...expected] of rows) {
    const engines = [OLD, CLASSIC, CONTAINERD];
    const unmet = engines.map((engine) => unmetBuildNeeds(image(settings), engine).map(({ what }) => what));
    expect(unmet, settings).toEqual(expected);
    expect(needsContainerdStore(image(settings)), settings).toBe(expected[1].length > 0);
  }
});
