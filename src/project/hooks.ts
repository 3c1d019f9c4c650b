import { normalizeCommand } from "./command-words.ts";
import { containerDirectory } from "./container-path.ts";
import type { Hook as FileHook } from "./file.gen.ts";
import { normalizeVariables } from "./key-values.ts";
import { items, type Place } from "./place.ts";
import { compact } from "./plain-data.ts";
import type { Hook } from "./service-model.ts";

/** Commands that run in a service's containers at a point of their life, in the order of the file. */
export function normalizeHooks(given: readonly FileHook[] | undefined, place: Place): Hook[] {
  return items(given, place).flatMap(([hook, at]) => {
    const words = at.at("command");
    const command = normalizeCommand(hook.command, words) ?? [];
    if (command.length === 0) {
      if (!words.has("0")) words.invalid("names no program", "write what to run: `[./warm-up, --all]`");
      return [];
    }
    return [
      compact<Hook>({
        command,
        user: hook.user === undefined ? undefined : at.at("user").text(),
        environment: normalizeVariables(hook.environment, at.at("environment")),
        workingDir:
          hook.working_dir === undefined ? undefined : containerDirectory(hook.working_dir, at.at("working_dir")),
        privileged: hook.privileged ?? false,
      }),
    ];
  });
}
