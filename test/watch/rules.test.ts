import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { FileInputs, Inputs } from "../../src/plan/inputs.ts";
import type { Mode } from "../../src/plan/mode.ts";
import { loadProject } from "../../src/project/load.ts";
import { sha256 } from "../../src/std/digest.ts";
import type { Facts } from "../../src/watch/facts.ts";
import { decide } from "../../src/watch/rules.ts";
import type { FileChange } from "../../src/watch/snapshot.ts";
import { decisionWords } from "../../src/watch/words.ts";

const CASES = fileURLToPath(new URL("../golden/watch/", import.meta.url));

/** With UPDATE_GOLDEN=1 the expected texts are written anew, for a reviewer to read in the diff. */
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

interface GoldenInputs {
  readonly files: Readonly<Record<string, string>>;
  readonly devFiles?: Readonly<Record<string, string>>;
  /** Keys of images that it is built from. */
  readonly references?: readonly string[];
}

interface GoldenCase {
  readonly mode?: Mode;
  readonly services?: readonly string[];
  readonly applied?: Readonly<Record<string, GoldenInputs>>;
  readonly fresh?: Readonly<Record<string, GoldenInputs>>;
  readonly behind?: boolean;
  /** "<kind> [directory|link] <path>". */
  readonly changes: readonly string[];
}

function fileInputs(files: Readonly<Record<string, string>>): FileInputs {
  return { digest: sha256(JSON.stringify(files)), files };
}

function inputsOf(given: GoldenCase["applied"]): Inputs | undefined {
  if (!given) return undefined;
  const images = Object.entries(given).map(([key, { files, devFiles, references = [] }]) => [
    key,
    {
      key,
      files: fileInputs(files),
      ...(devFiles ? { devFiles: { ...fileInputs(devFiles), hiddenTargets: ["/app"] } } : {}),
      dockerfile: sha256(""),
      args: {},
      references: references.map((other) => ({ kind: "image" as const, key: other })),
      unverified: [],
    },
  ]);
  return { images: Object.fromEntries(images), environments: {}, hostUser: "0:0", salt: "" };
}

function changeOf(text: string, root: string): FileChange {
  const [, kind, type = "file", path = ""] = /^(created|modified|deleted)(?: (directory|link))? (.+)$/.exec(text) ?? [];
  if (kind === undefined) throw new Error(`no change: ${text}`);
  return { path: join(root, path), kind: kind as FileChange["kind"], type: type as FileChange["type"] };
}

async function decisions(folder: string, asked: GoldenCase): Promise<string> {
  const { project, diagnostics } = await loadProject({ cwd: folder, vars: {}, env: {} });
  if (!project) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const facts: Facts = {
    project,
    mode: asked.mode ?? "dev",
    services: asked.services ?? Object.keys(project.services),
    images: new Set(Object.keys(project.images)),
    applied: inputsOf(asked.applied),
    files: project.files,
    behind: asked.behind ?? false,
  };
  const lines = asked.changes.flatMap((text) => {
    const found = decide(changeOf(text, folder), facts, inputsOf(asked.fresh));
    return [
      text,
      ...found.map((decision) => {
        const services = decision.kind === "rebuild" ? ` for ${decision.services.join(", ")}` : "";
        return `  → ${decisionWords(decision)}${services}: it ${decision.why}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}

describe("what a saved file asks for", () => {
  it.each(readdirSync(CASES))("%s", async (name) => {
    const folder = join(CASES, name);
    const asked = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as GoldenCase;
    const described = await decisions(folder, asked);
    const expected = join(folder, "expected.txt");
    if (UPDATE) writeFileSync(expected, described);
    expect(described).toBe(readFileSync(expected, "utf8"));
  });
});
