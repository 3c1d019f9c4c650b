import { DockError } from "../error.ts";

/**
 * A path of the Engine API in which every inserted value stays one value: it is encoded, and one that would name
 * another path (`..`, an empty one) is refused. Slashes and colons of image references stay as they are.
 */
export function route(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return strings.map((text, index) => text + (index < values.length ? encodeValue(values[index] ?? "") : "")).join("");
}

function encodeValue(value: string): string {
  const segments = value.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw new DockError("operation-failed", `"${value}" is no name that the engine can look up`);
  }
  return segments.map((segment) => encodeURIComponent(segment).replaceAll("%3A", ":").replaceAll("%40", "@")).join("/");
}
