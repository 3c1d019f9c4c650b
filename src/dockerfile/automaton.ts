/** Whether a character, given as its code point, may stand at a place. */
export type CharacterTest = (codePoint: number) => boolean;

/** One step of a pattern. Patterns are plain sequences, so matching needs no backtracking. */
export type Step =
  /** Exactly one character; `literal` where only this one will do and the step is never left out. */
  | { readonly kind: "one"; readonly test: CharacterTest; readonly literal?: string }
  /** Any number of characters. */
  | { readonly kind: "many"; readonly test: CharacterTest }
  /** The next `length` steps may be left out. */
  | { readonly kind: "optional"; readonly length: number }
  /** No character; holds between two characters, `undefined` being the end of the text on that side. */
  | { readonly kind: "between"; readonly holds: (before: number | undefined, after: number | undefined) => boolean };

/** The step that takes one certain character. */
export function literal(character: string): Step {
  const codePoint = character.codePointAt(0);
  return { kind: "one", test: (candidate) => candidate === codePoint, literal: character };
}

/**
 * A test whether a whole text follows the steps. It follows all ways at once, so the time is at most the length of the
 * text times the number of steps, whatever the pattern.
 */
export function automaton(steps: readonly Step[]): (text: string) => boolean {
  const prefix = literalRun(steps);
  const suffix = literalRun(steps.toReversed()).split("").toReversed().join("");
  return (text) => text.startsWith(prefix) && text.endsWith(suffix) && follow(steps, text);
}

/** The literal characters in front, which most texts fail already. Surrogate pairs end it: they don't survive a reversal. */
function literalRun(steps: readonly Step[]): string {
  let run = "";
  for (const step of steps) {
    if (step.kind !== "one" || step.literal?.length !== 1) break;
    run += step.literal;
  }
  return run;
}

function follow(steps: readonly Step[], text: string): boolean {
  const marks = new Int32Array(steps.length + 1).fill(-1);
  let turn = 0;
  let active: number[] = [];
  let before: number | undefined;

  // A stack of its own: a pattern of thousands of stars is deeper than the call stack.
  const pending: number[] = [];
  const enter = (list: number[], start: number, after: number | undefined): void => {
    pending.push(start);
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (marks[index] === turn) continue;
      marks[index] = turn;
      const step = steps[index];
      if (step === undefined || step.kind === "one" || step.kind === "many") list.push(index);
      if (step?.kind === "optional") pending.push(index + 1 + step.length);
      if (step?.kind === "many" || step?.kind === "optional") pending.push(index + 1);
      if (step?.kind === "between" && step.holds(before, after)) pending.push(index + 1);
    }
  };

  enter(active, 0, text.codePointAt(0));
  for (let at = 0; at < text.length;) {
    const current = text.codePointAt(at) ?? 0;
    at += current > 0xffff ? 2 : 1;
    const after = at < text.length ? text.codePointAt(at) : undefined;
    const next: number[] = [];
    turn += 1;
    before = current;
    for (const index of active) {
      const step = steps[index];
      if (step?.kind === "one" && step.test(current)) enter(next, index + 1, after);
      else if (step?.kind === "many" && step.test(current)) enter(next, index, after);
    }
    if (next.length === 0) return false;
    active = next;
  }
  return active.includes(steps.length);
}
