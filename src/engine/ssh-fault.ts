import { DockError } from "../error.ts";

/** What ssh says, and what the user can do about it. The first that fits holds. */
const HINTS: readonly (readonly [RegExp, (place: string) => string])[] = [
  [
    /host key verification failed|remote host identification has changed|no .* host key is known/i,
    (place) => `connect once by hand and compare the host's key: ${command(place)}`,
  ],
  [
    /permission denied \(|too many authentication failures|no more authentication methods/i,
    (place) => `use a key that needs no question: \`ssh-add\`, then try ${command(place)}`,
  ],
  [
    /command not found|: not found|no such file.*docker/i,
    () => "the docker command must be installed there, on the PATH of shells without a login",
  ],
  [
    /dial unix|docker daemon|failed to (dial|open)|connection helper/i,
    (place) => `is the engine running there, and may that user use it? ${command(place, "docker version")}`,
  ],
];

/**
 * The error for an ssh that ended with `failure`, its exit code (null when a signal ended it) or what kept it from
 * starting. `words` is what it wrote on stderr.
 */
export function sshFault(
  failure: Error | number | null,
  { place, words }: { readonly place: string; readonly words: string },
): DockError {
  if (failure instanceof Error) {
    const missing = "code" in failure && failure.code === "ENOENT";
    const message = missing ? "there is no ssh command here" : "ssh could not be started";
    return new DockError("engine-unreachable", `the engine at ${place} cannot be reached: ${message}`, {
      cause: failure,
      hint: missing ? "install OpenSSH's client" : `try it by hand: ${command(place)}`,
    });
  }
  const lines = words.split(/\r?\n/).filter((line) => line.trim() !== "");
  const last = lines.at(-1)?.trim() ?? `ssh ended with ${failure === null ? "a signal" : `code ${failure}`}`;
  const hint = HINTS.find(([pattern]) => pattern.test(words))?.[1];
  return new DockError("engine-unreachable", `the engine at ${place} cannot be reached: ${last}`, {
    ...(lines.length > 1 ? { detail: lines.slice(-8).join("\n") } : {}),
    hint: hint?.(place) ?? `try it by hand: ${command(place)}`,
  });
}

/** ssh takes such an address as it is, without the socket's path. */
function command(place: string, remote = ""): string {
  const address = /^ssh:\/\/[^/]*/.exec(place)?.[0] ?? place;
  return `\`ssh ${address}${remote === "" ? "" : ` ${remote}`}\``;
}
