import { normalizeCommand } from "./command-words.ts";
import type { Dev as FileDev, WatchRule as FileWatchRule } from "./file.gen.ts";
import { normalizeStrings } from "./host-names.ts";
import { normalizeVariables } from "./key-values.ts";
import type { Dev, Reload, WatchRule } from "./model.ts";
import { containerPath, normalizeMounts, withDistinctTargets } from "./mounts.ts";
import { normalizePorts } from "./ports.ts";
import { compact, hostPath, invalid, items, type Scope } from "./scope.ts";
import { resolveImage } from "./service-image.ts";
import type { ServiceSurroundings } from "./services.ts";
import type { Path } from "./tree.ts";

/** What dev mode changes about a service. */
export function normalizeDev(file: FileDev, path: Path, { key, images, scope }: ServiceSurroundings): Dev {
  const at = (name: string): Path => [...path, name];
  return compact<Dev>({
    mounts: withDistinctTargets(normalizeMounts(file.mounts, at("mounts"), scope), scope),
    command: normalizeCommand(file.command, at("command"), scope),
    environment: normalizeVariables(file.environment, at("environment"), scope),
    image: file.image === undefined ? undefined : resolveImage(file.image, at("image"), { images, scope }),
    ports: normalizePorts(file.ports, at("ports"), { service: key, scope }),
    watch: [...items(file.watch)].map(([index, rule]) => watchRuleOf(rule, [...at("watch"), index], scope)),
    reload: reloadOf(file.reload, at("reload"), scope),
  });
}

function watchRuleOf(file: FileWatchRule, path: Path, scope: Scope): WatchRule {
  const at = (name: string): Path => [...path, name];
  const syncs = file.action === "sync" || file.action === "sync+restart";
  requireTogether("target", { present: file.target !== undefined, wanted: syncs, action: file.action }, path, scope);
  requireTogether(
    "exec",
    { present: file.exec !== undefined, wanted: file.action === "exec", action: file.action },
    path,
    scope,
  );
  return compact<WatchRule>({
    path: hostPath(file.path, scope),
    action: file.action,
    target: file.target === undefined ? undefined : containerPath(file.target, at("target"), scope),
    include: normalizeStrings(file.include),
    ignore: normalizeStrings(file.ignore),
    exec: normalizeCommand(file.exec, at("exec"), scope),
    at: scope.findings.at(path),
  });
}

function requireTogether(
  key: string,
  rule: { present: boolean; wanted: boolean; action: string },
  path: Path,
  scope: Scope,
): void {
  if (rule.present === rule.wanted) return;
  if (rule.wanted)
    scope.findings.errorAtKey(path, {
      code: "missing-key",
      message: `a rule with \`action: ${rule.action}\` needs \`${key}\``,
    });
  else
    scope.findings.errorAtKey([...path, key], {
      code: "conflicting-keys",
      message: `\`${key}\` has no meaning with \`action: ${rule.action}\``,
    });
}

function reloadOf(given: FileDev["reload"], path: Path, scope: Scope): Reload {
  if (given === undefined || given === "self") return { kind: "self" };
  if (given === "restart") return { kind: "restart" };
  if (typeof given === "object") return { kind: "signal", signal: given.signal };
  invalid(scope, path, "is no way to reload", "use `self`, `restart` or `{ signal: SIGHUP }`");
  return { kind: "self" };
}
