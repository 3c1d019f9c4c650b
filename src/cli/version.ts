import { createRequire } from "node:module";

declare const DOCK_VERSION_TEXT: string | undefined;

/** Version of this dock: put in by the release's build, read from the package in development. */
export const DOCK_VERSION: string = typeof DOCK_VERSION_TEXT === "string" ? DOCK_VERSION_TEXT : readPackageVersion();

function readPackageVersion(): string {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  return version;
}
