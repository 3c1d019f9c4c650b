import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

/**
 * @typedef {{method?: string, body?: string | Buffer | import("node:stream").Readable, type?: string, timeout?: number,
 *   deadline?: number, headers?: Record<string, string>}} CallOptions
 */

/** Where an engine's `unix://` or `tcp://` address leads, as options for node's HTTP client. */
function target(/** @type {string} */ host) {
  if (host.startsWith("unix://")) return { secure: false, to: { socketPath: host.slice("unix://".length) } };
  const url = new URL(host.replace(/^tcp:/u, "http:"));
  const certificates = process.env["DOCKER_CERT_PATH"];
  const secure = url.protocol === "https:" || Boolean(process.env["DOCKER_TLS_VERIFY"]);
  const read = (/** @type {string} */ name) => readFileSync(join(certificates ?? "", name));
  const tls = secure && certificates ? { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") } : {};
  return { secure, to: { host: url.hostname, port: Number(url.port || (secure ? 2376 : 2375)), ...tls } };
}

/**
 * One call of an engine's HTTP API; gives the response as a stream, which ends with an error when the connection breaks.
 * `timeout` (ms) bounds the silence between two pieces of data, `deadline` the whole call.
 *
 * @param {string} host
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<http.IncomingMessage>}
 */
export function call(host, path, options = {}) {
  const { method = "GET", body, type = "application/json", timeout = 10_000, headers = {} } = options;
  const { secure, to } = target(host);
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? headers : { "Content-Type": type, ...headers };
    const request = (secure ? https : http).request({ ...to, method, path, timeout, headers: sent });
    const late = (/** @type {string} */ what) => new Error(`${method} ${path.split("?")[0]} ${what} in time`);
    const timer = setTimeout(() => request.destroy(late("did not finish")), options.deadline ?? 600_000);
    request.on("timeout", () => request.destroy(late("was not answered")));
    request.on("error", reject);
    request.on("close", () => clearTimeout(timer));
    request.on("response", resolve);
    if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) request.end(body);
    else pipeline(body, request).catch(reject);
  });
}

/**
 * A call whose whole answer is text. Rejects on a connection that breaks before the answer is complete; a status of 400 or
 * more is no rejection.
 *
 * @param {string} host
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<{status: number, body: string}>}
 */
export async function ask(host, path, options) {
  const response = await call(host, path, options);
  return { status: response.statusCode ?? 0, body: await text(response) };
}

/** The engine's version answer, or undefined when nothing that speaks the Docker API answers there within `timeout` ms. */
export async function askVersion(/** @type {string} */ host, timeout = 5_000) {
  try {
    const answer = await ask(host, "/version", { timeout, deadline: timeout });
    const data = JSON.parse(answer.body);
    return typeof data?.Version === "string"
      ? { version: /** @type {string} */ (data.Version), api: String(data.ApiVersion) }
      : undefined;
  } catch {
    return undefined;
  }
}
