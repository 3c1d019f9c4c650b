import { describe, expect, test } from "vitest";
import { imageNames, serviceNames } from "../../src/cli/named.ts";
import { selectServices } from "../../src/plan/wanted.ts";
import { compileText } from "../support/compile-text.ts";

const TEXT = `
images: { base: ./base, tool: ./tool }
services:
  api: { image: base, depends_on: [db] }
  web: { build: ./web, profiles: [front] }
  db: { image: "postgres:17", profiles: [data] }
groups:
  backend: [api, tool]
  all: [backend, web]
  images: [base]
  empty: []
`;

function projectWith(profiles: readonly string[] = []) {
  const { project } = compileText(TEXT, { profiles });
  if (!project) throw new Error("the file has mistakes");
  return project;
}

describe("names on the command line", () => {
  const project = projectWith();

  test("may be groups, whose services and images are meant", () => {
    expect(serviceNames(project, ["all", "api"])).toEqual(["api", "web"]);
    expect(imageNames(project, ["all"])).toEqual(["tool", "web", "base"]);
    expect(imageNames(project, ["images", "base"])).toEqual(["base"]);
  });

  test("are refused with a guess when nothing has them, and when a group has nothing of the kind", () => {
    expect(() => serviceNames(project, ["bakcend"])).toThrow('there is no service "bakcend"');
    expect(() => imageNames(project, ["tol"])).toThrow('there is no image "tol"');
    expect(() => serviceNames(project, ["images"])).toThrow('group "images" has no service');
    expect(() => imageNames(project, ["empty"])).toThrow('group "empty" has no image');
  });
});

describe("a profile", () => {
  const selected = (profiles: readonly string[], names?: readonly string[]) =>
    selectServices(projectWith(profiles), names, false);

  test("leaves its services out until it is asked for", () => {
    expect(selected(["front"])).toEqual(["db", "api", "web"]);
    expect(selected(["*"])).toEqual(["db", "api", "web"]);
    expect(selected([])).toEqual(["db", "api"]);
  });

  test("does not matter to what is named or depended on", () => {
    expect(selected([], ["web"])).toEqual(["web"]);
    expect(selected([], ["api"])).toEqual(["db", "api"]);
  });
});
