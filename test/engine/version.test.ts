import { expect, test } from "vitest";
import { compareVersions, negotiateVersion } from "../../src/engine/version.ts";
import { exitCode } from "../../src/error.ts";

test.each([
  ["1.41", "1.41"],
  ["1.48", "1.48"],
  ["1.51", "1.51"],
  ["1.60", "1.51"],
  ["2.0", "1.51"],
])("an engine that offers %s is spoken to in %s", (offered, spoken) => {
  expect(negotiateVersion(offered, undefined)).toBe(spoken);
  expect(negotiateVersion(offered, "")).toBe(spoken);
});

test("DOCKER_API_VERSION decides when both sides speak it", () => {
  expect(negotiateVersion("1.51", "1.44")).toBe("1.44");
  expect(negotiateVersion("1.60", "1.55")).toBe("1.55");
  expect(negotiateVersion("1.51", "v1.44")).toBe("1.44");
});

test.each([
  ["1.40", undefined, "the engine speaks API 1.40, dock needs 1.41 or newer", 3],
  ["1.9", undefined, "the engine speaks API 1.9, dock needs 1.41 or newer", 3],
  ["1.51", "1.24", "DOCKER_API_VERSION asks for 1.24, dock needs 1.41 or newer", 3],
  ["1.51", "1.52", "DOCKER_API_VERSION asks for 1.52, the engine speaks up to 1.51", 3],
  ["1.51", "latest", 'DOCKER_API_VERSION is "latest", which is no version such as 1.51', 2],
  [undefined, undefined, "what answers there is not a Docker engine: it does not name its API version", 3],
  ["new", undefined, "what answers there is not a Docker engine: it does not name its API version", 3],
])("offered %s and asked %s is refused with a message that says why", (offered, asked, message, code) => {
  let failure: unknown;
  try {
    negotiateVersion(offered, asked);
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ message, hint: expect.any(String) });
  expect(exitCode(failure)).toBe(code);
});

test("versions are compared as numbers", () => {
  expect(compareVersions("1.9", "1.41")).toBeLessThan(0);
  expect(compareVersions("1.41", "1.41")).toBe(0);
  expect(compareVersions("2.0", "1.51")).toBeGreaterThan(0);
});
