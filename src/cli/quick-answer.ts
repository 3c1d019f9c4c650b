import { helpPage } from "./help.ts";
import { DOCK_VERSION } from "./version.ts";

/** What to print for words without a command: the version or the help page; undefined when they ask for neither. */
export function quickAnswer(words: readonly string[]): string | undefined {
  if (words.includes("--version") || words.includes("-V")) return `dock ${DOCK_VERSION}\n`;
  return words.every((word) => word === "-h" || word === "--help") ? helpPage() : undefined;
}
