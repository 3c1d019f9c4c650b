import type { Image as FileImage } from "./file.gen.ts";
import { quote } from "./findings.ts";
import type { BuildSecret, SshAgent } from "./image-model.ts";
import { hostPath, hostPathAt, items, strings, type Place } from "./place.ts";

type ImageMap = Exclude<FileImage, string>;

/** What secrets and agents are called: the builder asks for them by these. */
const ID = /^[A-Za-z0-9_][\w.-]*$/;

/** The secrets of a build; each comes from one file or one variable. */
export function normalizeBuildSecrets(given: ImageMap["secrets"], place: Place): BuildSecret[] {
  const found = new Map<string, BuildSecret>();
  for (const [secret, at] of items(given, place)) {
    if (!ID.test(secret.id)) at.at("id").invalid("can't be the id of a secret", "use letters, digits, `_`, `.`, `-`");
    else if (found.has(secret.id))
      at.at("id").error({ code: "duplicate-secret", message: `another secret has the id ${quote(secret.id)}` });
    else if (secret.file !== undefined && secret.env !== undefined)
      at.error({ code: "conflicting-keys", message: "`file` and `env` exclude each other" });
    else if (secret.file !== undefined) {
      const path = hostPathAt(secret.file, at.at("file"));
      found.set(secret.id, { id: secret.id, from: { kind: "file", path } });
    } else if (secret.env !== undefined) {
      found.set(secret.id, { id: secret.id, from: { kind: "variable", name: secret.env } });
    } else if (!at.has("file") && !at.has("env")) {
      const message = `the secret ${quote(secret.id)} has no content`;
      at.error({ code: "missing-key", message, hint: "give it a `file` or an `env`" });
    }
  }
  return [...found.values()];
}

/** The SSH agents of a build: `default`, `ID`, `ID=SOCKET`. */
export function normalizeSsh(given: ImageMap["ssh"], place: Place): SshAgent[] {
  return strings(given, place).flatMap(([text, at]) => {
    const agent = readSshAgent(text, (path) => hostPath(path, at));
    if (typeof agent !== "string") return [agent];
    at.invalid(agent, "write it as `default`, or as `ID=SOCKET` with an agent's socket");
    return [];
  });
}

/** One SSH agent from its text, or what is wrong with the text. */
export function readSshAgent(text: string, absolute: (path: string) => string): SshAgent | string {
  const [id = "", ...rest] = text.split("=");
  const path = rest.join("=");
  if (!ID.test(id)) return "names no SSH agent";
  if (path.includes(",")) return "names several keys, which only an agent can hold";
  return path === "" ? { id } : { id, socket: absolute(path) };
}

/** One secret from `id=…[,src=PATH|,env=NAME]`, the form of `docker build --secret`, or what is wrong with the text. */
export function readSecretFlag(text: string, absolute: (path: string) => string): BuildSecret | string {
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at <= 0) return `"${part}" is no key=value`;
    fields.set(part.slice(0, at).toLowerCase(), part.slice(at + 1));
  }
  const id = fields.get("id") ?? "";
  if (!ID.test(id)) return "it needs an id: id=NAME";
  const file = fields.get("src") ?? fields.get("source") ?? fields.get("file");
  const variable = fields.get("env") ?? (fields.get("type") === "env" ? (file ?? id) : undefined);
  const unknown = [...fields.keys()].find((key) => !["id", "src", "source", "file", "env", "type"].includes(key));
  if (unknown !== undefined) return `it has no "${unknown}"`;
  if (variable !== undefined) return { id, from: { kind: "variable", name: variable } };
  return file === undefined || file === ""
    ? { id, from: { kind: "variable", name: id } }
    : { id, from: { kind: "file", path: absolute(file) } };
}
