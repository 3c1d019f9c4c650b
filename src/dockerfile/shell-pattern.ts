import { automaton, type CharacterTest, literal, type Step } from "./automaton.ts";

/** Beyond this many steps of a search a value is taken for unknown; no real Dockerfile comes near. */
const MAX_WORK = 4_000_000;

const notNewline: CharacterTest = (codePoint) => codePoint !== 0x0a;

/**
 * `${value#pattern}` and `${value%pattern}`: the value without the shortest match of the pattern at its start or end;
 * without the longest where the pattern begins with the operator once more. Undefined for a malformed pattern.
 */
export function trimMatch(value: string, operator: "#" | "%", pattern: string): string | undefined {
  const greedy = pattern.startsWith(operator);
  const steps = patternSteps(greedy ? pattern.slice(1) : pattern);
  if (!steps || tooMuch(value, steps)) return undefined;
  const matches = automaton(steps);
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  const taken = (greedy ? lengths.toReversed() : lengths).find((length) =>
    matches(operator === "#" ? value.slice(0, length) : value.slice(value.length - length)),
  );
  if (taken === undefined) return value;
  return operator === "#" ? value.slice(taken) : value.slice(0, value.length - taken);
}

/**
 * `${value/pattern/replacement}`, or with `all` every occurrence. Undefined where the result isn't sure: a malformed
 * pattern, or one with wildcards, of which builders have had their own idea.
 */
export function replaceOnce(
  value: string,
  use: { readonly pattern: string; readonly replacement: string; readonly all: boolean },
): string | undefined {
  const { pattern, replacement, all } = use;
  if (pattern === "" || /[*?\\]/.test(pattern) || /[$\\]/.test(replacement)) return undefined;
  return all ? value.replaceAll(pattern, () => replacement) : value.replace(pattern, () => replacement);
}

/** "?" is one character, "*" any number; a backslash makes them, itself, and what would end the expression literal. */
function patternSteps(pattern: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at += 1) {
    let character = characters[at] ?? "";
    if (character === "*") steps.push({ kind: "many", test: notNewline });
    else if (character === "?") steps.push({ kind: "one", test: notNewline });
    else {
      if (character === "\\") {
        at += 1;
        character = characters[at] ?? "";
        if (!["*", "?", "\\", "}", "/"].includes(character)) return undefined;
      }
      steps.push(literal(character));
    }
  }
  return steps;
}

function tooMuch(value: string, steps: readonly Step[]): boolean {
  return (value.length + 1) ** 2 * (steps.length + 1) > MAX_WORK;
}
