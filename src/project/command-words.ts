import type { Command } from "./file.gen.ts";
import { items, type Place } from "./place.ts";

/** The words of a command: a list as it stands, a string split; undefined stays undefined. */
export function normalizeCommand(given: Command | undefined, place: Place): string[] | undefined {
  if (given === undefined) return undefined;
  if (Array.isArray(given)) return items(given, place).map(([, at]) => at.text());
  const words = splitWords(given);
  if (words.kind === "words") return words.words;
  return place.invalid(words.problem);
}

/** What a string is as a command. */
export type Words =
  | { readonly kind: "words"; readonly words: string[] }
  | { readonly kind: "mistake"; readonly problem: string };

/** Splits a string as a POSIX shell splits words: blanks, both quotes and backslashes; nothing is expanded. */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  let quoteSign = "";
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    const next = text.charAt(offset + 1);
    if (quoteSign === "'") {
      if (character === "'") quoteSign = "";
      else word += character;
    } else if (character === "\\") {
      if (next === "") return { kind: "mistake", problem: "ends with a backslash" };
      offset += 1;
      const kept = quoteSign === '"' && !'"\\$`\n'.includes(next) ? character : "";
      if (next !== "\n") word = `${word ?? ""}${kept}${next}`;
    } else if (quoteSign === '"') {
      if (character === '"') quoteSign = "";
      else word += character;
    } else if (character === '"' || character === "'") {
      quoteSign = character;
      word ??= "";
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ""}${character}`;
  }
  if (quoteSign !== "") return { kind: "mistake", problem: `has a ${quoteSign} that is not closed` };
  if (word !== undefined) words.push(word);
  return { kind: "words", words };
}
