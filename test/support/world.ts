import type { ImageInputs, Inputs } from "../../src/plan/inputs.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { compile } from "../../src/project/compile.ts";
import type { Project } from "../../src/project/model.ts";
import { parse } from "../../src/project/parse.ts";
import { sha256 } from "../../src/std/digest.ts";

/** The project that a dock.yaml's text declares; throws with its diagnostics when it has mistakes. */
export function projectOf(text: string): Project {
  const source = { file: "dock.yaml", text };
  const { project, diagnostics } = compile(source, parse(source), {
    env: {},
    vars: {},
    projectName: undefined,
    dotenv: undefined,
    directory: "/project",
    envFile: "/project/.env",
  });
  if (!project) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return project;
}

/** Inputs in which every image has one file with its key as content, changed by `files`. */
export function inputsOf(
  project: Project,
  files: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Inputs {
  const images = Object.keys(project.images).map((key): [string, ImageInputs] => {
    const content = files[key] ?? { "app.js": key };
    const inputs: ImageInputs = {
      key,
      files: {
        digest: sha256(JSON.stringify(Object.entries(content).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
        files: content,
      },
      dockerfile: sha256(`FROM scratch # ${key}`),
      args: project.images[key]?.args ?? {},
      references: [],
      unverified: [],
    };
    return [key, inputs];
  });
  return {
    images: Object.fromEntries(images),
    environments: {},
    grantedFiles: { secrets: contentsOf(project.secrets), configs: contentsOf(project.configs) },
    hostUser: "1000:1000",
    salt: "salt",
  };
}

function contentsOf(files: Project["secrets"]): Readonly<Record<string, string>> {
  const contents = Object.values(files).map(({ key, content }): [string, string] => [
    key,
    btoa(content.kind === "file" ? content.path : content.text),
  ]);
  return Object.fromEntries(contents);
}

/** An engine without anything. */
export function emptyEngine(): Observed {
  return {
    engine: { apiVersion: "1.51", version: "28.5.2", platform: "linux/amd64", remote: false },
    containers: [],
    networks: [],
    volumes: [],
    images: [],
    foreignContainers: [],
  };
}
