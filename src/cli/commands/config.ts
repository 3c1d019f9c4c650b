import type { Project } from "../../project/model.ts";
import type { Plain } from "../../project/print.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadWithWarnings } from "../load-project.ts";

interface ConfigOptions {
  readonly services?: boolean;
  readonly images?: boolean;
  readonly volumes?: boolean;
  readonly networks?: boolean;
}

const LISTS = ["services", "images", "volumes", "networks"] as const;

/** `dock config`: the project with short forms spelled out, defaults filled in and variables replaced. */
export const config: CommandDefinition = {
  usage: "",
  printsDocument: true,
  configure: (command) => {
    for (const list of LISTS) command.option(`--${list}`, `print only the names of the ${list}`);
  },
  run: async ({ session, options }: Invocation) => {
    const project = await loadWithWarnings(session);
    // As with Compose: whether the file is right is said all the same.
    if (session.globals.quiet) return 0;
    const given = options as ConfigOptions;
    const { stdout } = session.io;
    const list = LISTS.find((name) => given[name]);
    if (list !== undefined) {
      const names = Object.keys(project[list]).sort();
      stdout.write(session.globals.json ? `${JSON.stringify(names)}\n` : names.map((name) => `${name}\n`).join(""));
      return 0;
    }
    const { secretVariables: _, ...printed } = project;
    const secrets = withTexts(project.secrets, () => "(hidden)");
    const configs = withTexts(project.configs, (text, kind) =>
      kind === "variable" ? "(hidden)" : session.redactor.mask(text),
    );
    const plain = JSON.parse(JSON.stringify({ ...printed, secrets, configs }, withoutPlaces)) as Plain;
    if (session.globals.json) {
      stdout.write(`${JSON.stringify(plain, undefined, 2)}\n`);
      return 0;
    }
    const { yamlText } = await import("../../project/print.ts");
    stdout.write(yamlText(plain));
    return 0;
  },
};

/** Secrets or configs with other texts in place of those that the project file gives them. */
function withTexts(
  files: Project["configs"],
  change: (text: string, kind: "variable" | "text") => string,
): Project["configs"] {
  return Object.fromEntries(
    Object.entries(files).map(([key, file]) => {
      const { content } = file;
      if (content.kind === "file") return [key, file];
      return [key, { ...file, content: { ...content, text: change(content.text, content.kind) } }];
    }),
  );
}

/** Places in the file are for diagnostics; a reader of the result has no use for them. */
function withoutPlaces(key: string, value: unknown): unknown {
  const isPlace = key === "at" && value !== null && typeof value === "object" && "source" in value && "span" in value;
  return isPlace ? undefined : value;
}
