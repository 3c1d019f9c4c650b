import { readFile, stat } from "node:fs/promises";
import type { Diagnostic } from "../diagnostic.ts";
import type { BuildSecret, Image, SshAgent } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";

/** Largest secret that a builder takes, in bytes. */
const LIMIT = 500 * 1024;

type Env = Readonly<Record<string, string | undefined>>;

/** The content of a build's secret as it is now; undefined where its variable is not set. Rejects as reading the file does. */
export async function readBuildSecret(project: Project, { from }: BuildSecret): Promise<Buffer | undefined> {
  if (from.kind === "file") return readFile(from.path);
  const value = project.secretVariables?.[from.name];
  return value === undefined ? undefined : Buffer.from(value);
}

/** Path of the socket that an agent of a build listens on; undefined where none is named and the caller has none. */
export function agentSocket({ socket }: SshAgent, env: Env): string | undefined {
  return socket ?? (env["SSH_AUTH_SOCK"] || undefined);
}

/** What of the secrets and agents of images is not there, and the secrets' texts, which nothing may show. */
export async function checkBuildSecrets(
  project: Project,
  images: readonly Image[],
  env: Env,
): Promise<{ readonly diagnostics: readonly Diagnostic[]; readonly texts: readonly string[] }> {
  const texts: string[] = [];
  const problems = images.map(async (image): Promise<Diagnostic[]> => {
    const problem = (code: string, message: string, hint: string): Diagnostic[] => [
      { severity: "error", code, message, at: image.at, hint },
    ];
    const secrets = image.secrets.map(async (secret) => {
      const what = `secret ${secret.id} of image ${image.key}`;
      const content = await readBuildSecret(project, secret).catch((error: NodeJS.ErrnoException) => error);
      if (content instanceof Error) {
        const path = secret.from.kind === "file" ? secret.from.path : "";
        const hint = "set its `file`, or leave the secret out";
        return problem("missing-secret-file", `${what}: ${path} can't be read (${content.code ?? "unknown"})`, hint);
      }
      if (content === undefined) {
        const name = secret.from.kind === "variable" ? secret.from.name : "";
        return problem("missing-secret-variable", `${what}: the variable ${name} is not set`, `set ${name}`);
      }
      if (content.length > LIMIT)
        return problem("secret-too-large", `${what} is larger than 500 kB`, "a builder takes no larger ones");
      const text = content.toString();
      texts.push(...[text, ...text.split("\n")].map((part) => part.trim()));
      return [];
    });
    const agents = image.ssh.map(async (agent) => {
      const wrong = await agentProblem(agent, env);
      return wrong ? problem("no-ssh-agent", `SSH agent ${agent.id} of image ${image.key}: ${wrong[0]}`, wrong[1]) : [];
    });
    return (await Promise.all([...secrets, ...agents])).flat();
  });
  return { diagnostics: (await Promise.all(problems)).flat(), texts };
}

async function agentProblem(agent: SshAgent, env: Env): Promise<readonly [string, string] | undefined> {
  const path = agentSocket(agent, env);
  if (path === undefined) return ["SSH_AUTH_SOCK is not set", "start an agent: eval $(ssh-agent); ssh-add"];
  try {
    const found = await stat(path);
    if (found.isSocket()) return undefined;
    if (!found.isFile()) return [`${path} is no agent's socket`, "name the socket of an SSH agent"];
    return [
      `${path} is a file, and keys are given to builds only by an agent, which keeps them to itself`,
      `add the key to an agent (ssh-add ${path}) and write \`default\``,
    ];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [`${path} can't be reached (${code ?? "unknown"})`, "start the agent, or name its socket"];
  }
}
