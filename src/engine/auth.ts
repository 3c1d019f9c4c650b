import { spawn } from "node:child_process";
import { DockError } from "../error.ts";
import { Deadline } from "../std/deadline.ts";
import { readDockerConfig, type Environment } from "./docker-config.ts";
import { asObject, asOptionalObject, asOptionalText, type JsonObject, ShapeError } from "./shape.ts";

/** How one logs in to a registry: by user and password, or by an identity token instead of the password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
  /** The key under which the docker command keeps them. */
  readonly serverAddress: string;
}

/** The key under which Docker Hub's credentials are kept, whatever name the hub goes by. */
const HUB_KEY = "https://index.docker.io/v1/";
const HUB_HOSTS = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
const HELPER_TIMEOUT_MS = 10_000;

/**
 * What the docker command would log in with at a registry's host: from a credential helper for the host, the
 * credential store, or `auths` in its configuration; undefined when it has nothing. Read anew at each call.
 */
export async function credentialsFor(host: string, env: Environment): Promise<Credentials | undefined> {
  const config = await readDockerConfig(env);
  const key = HUB_HOSTS.has(host) ? HUB_KEY : host;
  const helper = asOptionalObject(config["credHelpers"], "credHelpers")[host] ?? config["credsStore"];
  const auth = findAuth(asOptionalObject(config["auths"], "auths"), key);
  if (typeof helper === "string" && helper !== "") return (await askHelper(helper, key, env)) ?? readAuth(auth, key);
  return readAuth(auth, key);
}

/** Keys may be written as URLs: the host counts. */
function findAuth(auths: JsonObject, key: string): unknown {
  if (auths[key] !== undefined) return auths[key];
  const host = hostOf(key);
  return Object.entries(auths).find(([name]) => hostOf(name) === host)?.[1];
}

function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function readAuth(value: unknown, serverAddress: string): Credentials | undefined {
  const auth = asOptionalObject(value, "auths entry");
  const identityToken = asOptionalText(auth["identitytoken"], "identitytoken");
  const decoded = Buffer.from(asOptionalText(auth["auth"], "auth"), "base64").toString("utf8").replaceAll("\0", "");
  const colon = decoded.indexOf(":");
  const username = colon < 0 ? asOptionalText(auth["username"], "username") : decoded.slice(0, colon);
  const password = colon < 0 ? asOptionalText(auth["password"], "password") : decoded.slice(colon + 1);
  if (username === "" && identityToken === "") return undefined;
  return { username, password, serverAddress, ...(identityToken === "" ? {} : { identityToken }) };
}

async function askHelper(helper: string, key: string, env: Environment): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw helperFault(program, "that is no name of a credential helper");
  const { status, output } = await runHelper(program, key, env);
  if (status !== 0) {
    // The protocol's way to say that it knows no credentials for this server.
    if (/credentials not found/i.test(output)) return undefined;
    throw helperFault(program, output.trim().slice(0, 200) || `it exited with ${status}`);
  }
  const answer = parseAnswer(program, output);
  const username = asOptionalText(answer["Username"], "Username");
  const secret = asOptionalText(answer["Secret"], "Secret");
  if (username === "<token>") return { username: "", password: "", identityToken: secret, serverAddress: key };
  return { username, password: secret, serverAddress: key };
}

function parseAnswer(program: string, output: string): JsonObject {
  try {
    return asObject(JSON.parse(output), "answer");
  } catch (error) {
    // The output may hold a secret and stays out of the message.
    if (error instanceof SyntaxError || error instanceof ShapeError)
      throw helperFault(program, "its answer is not JSON");
    throw error;
  }
}

async function runHelper(
  program: string,
  key: string,
  env: Environment,
): Promise<{ readonly status: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], { env: { ...env }, stdio: ["pipe", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    const deadline = new Deadline(HELPER_TIMEOUT_MS, () => {
      child.kill("SIGKILL");
      reject(helperFault(program, `it did not answer within ${HELPER_TIMEOUT_MS / 1000} s`));
    });
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", (error) => {
      deadline.end();
      const missing = "code" in error && error.code === "ENOENT";
      reject(helperFault(program, missing ? "it is not installed" : error.message));
    });
    child.once("close", (status) => {
      deadline.end();
      resolve({ status: status ?? 1, output: Buffer.concat(chunks).toString("utf8") });
    });
    // A helper that ends without reading its input is known by its exit status.
    child.stdin.on("error", () => {});
    child.stdin.end(key);
  });
}

function helperFault(program: string, why: string): DockError {
  return new DockError("operation-failed", `the credential helper ${program} gave no credentials: ${why}`, {
    hint: "docker's config.json names it in `credsStore` or `credHelpers`: install it, or remove the entry to go on without",
  });
}
