import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dockerfileRequest } from "../../src/execute/build-request.ts";
import { readDockerfiles } from "../../src/gather/dockerfiles.ts";
import { compileText } from "../support/compile-text.ts";

test.each([
  ["its own Dockerfile, which the builder fetches", "", []],
  ["a Dockerfile of the project file, which is offered", 'dockerfile_inline: "FROM scratch"', ["dockerfile"]],
])("a context at an address is built with %s", async (_, line, sources) => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), "dock-request-"));
  onTestFinished(() => rm(cacheDirectory, { recursive: true }));
  const { project } = compileText(
    `name: far\nimages:\n  app:\n    context: https://example.test/app.git\n    ${line}\n`,
  );
  if (!project) throw new Error("no project");
  const file = (await readDockerfiles(project, ["app"])).get("app");
  if (!file) throw new Error("no Dockerfile");
  const request = await dockerfileRequest(file, { project, settings: { cacheDirectory, env: {} }, refOf: String });
  expect(request.contextUrl).toBe("https://example.test/app.git");
  expect(Object.keys(request.sources)).toEqual(sources);
});
