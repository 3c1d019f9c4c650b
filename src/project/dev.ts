import { normalizeCommand } from "./command-words.ts";
import { containerPath } from "./container-path.ts";
import type { Dev as FileDev, WatchRule as FileWatchRule } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { normalizeVariables } from "./key-values.ts";
import type { Dev, Reload, WatchRule } from "./dev-model.ts";
import type { Image } from "./image-model.ts";
import { normalizeMounts, withDistinctTargets } from "./mounts.ts";
import { hostPathAt, items, texts, type Place } from "./place.ts";
import { compact } from "./plain-data.ts";
import { normalizePorts } from "./ports.ts";
import { resolveImage } from "./service-image.ts";

/** What dev mode changes about a service. */
export function normalizeDev(
  file: FileDev,
  { service, images }: { service: string; images: Readonly<Record<string, Image>> },
  place: Place,
): Dev {
  return compact<Dev>({
    mounts: withDistinctTargets(normalizeMounts(file.mounts, place.at("mounts"))),
    command: normalizeCommand(file.command, place.at("command")),
    environment: normalizeVariables(file.environment, place.at("environment")),
    image: file.image === undefined ? undefined : resolveImage(file.image, images, place.at("image")),
    ports: normalizePorts(file.ports, service, place.at("ports")),
    watch: items(file.watch, place.at("watch")).map(([rule, at]) => watchRuleOf(rule, at)),
    reload: reloadOf(file.reload, place.at("reload")),
  });
}

function watchRuleOf(file: FileWatchRule, place: Place): WatchRule {
  const { action } = file;
  checkCompanion("target", { isWanted: action === "sync" || action === "sync+restart", action }, place);
  checkCompanion("exec", { isWanted: action === "exec", action }, place);
  return compact<WatchRule>({
    path: hostPathAt(file.path, place.at("path")),
    action,
    target: file.target === undefined ? undefined : containerPath(file.target, place.at("target")),
    include: texts(file.include, place),
    ignore: texts(file.ignore, place),
    exec: normalizeCommand(file.exec, place.at("exec")),
    at: place.entry(),
  });
}

/** Some keys belong to some actions, and those actions can't do without them. */
function checkCompanion(key: string, { isWanted, action }: { isWanted: boolean; action: string }, place: Place): void {
  if (place.has(key) === isWanted) return;
  if (isWanted) {
    place.errorAtKey({ code: "missing-key", message: `a rule with \`action: ${action}\` needs ${quote(key)}` });
  } else {
    const message = `${quote(key)} has no meaning with \`action: ${action}\``;
    place.at(key).errorAtKey({ code: "conflicting-keys", message });
  }
}

function reloadOf(given: FileDev["reload"], place: Place): Reload {
  if (given === undefined || given === "self") return { kind: "self" };
  if (given === "restart") return { kind: "restart" };
  if (typeof given === "object") return { kind: "signal", signal: given.signal };
  place.invalid("is no way to reload", "use `self`, `restart` or `{ signal: SIGHUP }`");
  return { kind: "self" };
}
