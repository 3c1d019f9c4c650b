import { type Environment, readDockerConfig } from "./docker-config.ts";
import { asOptionalObject } from "./shape.ts";

const NAMES = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  ftpProxy: "FTP_PROXY",
  noProxy: "NO_PROXY",
  allProxy: "ALL_PROXY",
} as const;

/**
 * Build arguments for the proxies that the docker command's configuration names under `default`, in both spellings, as
 * that command adds them to its own builds. The builder keeps them out of the image's history.
 */
export async function proxyArguments(env: Environment): Promise<Readonly<Record<string, string>>> {
  const config = await readDockerConfig(env);
  const proxies = asOptionalObject(asOptionalObject(config["proxies"], "proxies")["default"], "proxies.default");
  return Object.fromEntries(
    Object.entries(NAMES).flatMap(([key, name]) => {
      const value = proxies[key];
      if (typeof value !== "string" || value === "") return [];
      return [
        [name, value],
        [name.toLowerCase(), value],
      ];
    }),
  );
}
