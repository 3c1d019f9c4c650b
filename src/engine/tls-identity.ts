import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DockError } from "../error.ts";
import { dockerConfigDir, type Environment } from "./docker-config.ts";
import type { TlsIdentity } from "./endpoint.ts";

/**
 * What the environment says of TLS; undefined when it asks for none. Any value of DOCKER_TLS_VERIFY, DOCKER_TLS or
 * DOCKER_CERT_PATH asks for it, and none of them can turn the check of the engine's certificate off: a slip of the pen
 * must not. Files that are named and missing are a `DockError`.
 */
export async function environmentTls(env: Environment): Promise<TlsIdentity | undefined> {
  if (!["DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH"].some((name) => (env[name] ?? "") !== ""))
    return undefined;
  const named = env["DOCKER_CERT_PATH"] ?? "";
  const directory = named === "" ? dockerConfigDir(env) : named;
  const identity = await readIdentity(directory);
  if (identity.ca !== undefined) return identity;
  throw new DockError("engine-unreachable", `TLS is asked for, and ${join(directory, "ca.pem")} does not exist`, {
    hint: "DOCKER_CERT_PATH names the directory that holds ca.pem, cert.pem and key.pem",
  });
}

/** The files of a directory as `docker` names them; a certificate without its key, or the other way round, is an error. */
export async function readIdentity(directory: string): Promise<TlsIdentity> {
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => readOptional(join(directory, name))),
  );
  if ((cert === undefined) !== (key === undefined)) {
    const [has, lacks] = cert === undefined ? ["key.pem", "cert.pem"] : ["cert.pem", "key.pem"];
    throw new DockError("engine-unreachable", `${directory} has ${has}, and no ${lacks}`, {
      hint: "a client's certificate and its key belong together",
    });
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { client: { cert, key } }),
  };
}

async function readOptional(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw new DockError("engine-unreachable", `${path} cannot be read`, {
      cause: error,
      hint: "who runs dock must be allowed to read it",
    });
  }
}
