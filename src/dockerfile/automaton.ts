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
 * text times the number of steps, whatever the pattern is.
 */
export function automaton(steps: readonly Step[]): (text: string) => boolean {
  const runs = literalRuns(steps);
  const prefix = isLiteral(steps[0]) ? (runs[0] ?? "") : "";
  const suffix = isLiteral(steps.at(-1)) ? (runs.at(-1) ?? "") : "";
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  const matches = matcher(steps);
  return (text) => text.startsWith(prefix) && text.endsWith(suffix) && text.includes(longest) && matches(text);
}

/** The texts that every match holds, in order: most texts lack one of them and need no closer look. */
function literalRuns(steps: readonly Step[]): readonly string[] {
  const runs: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (!isLiteral(step)) continue;
    if (index > 0 && isLiteral(steps[index - 1])) runs.push(`${runs.pop() ?? ""}${step.literal}`);
    else runs.push(step.literal);
  }
  return runs;
}

function isLiteral(step: Step | undefined): step is Step & { readonly kind: "one"; readonly literal: string } {
  return step?.kind === "one" && step.literal !== undefined;
}

/** States fit into the bits of one number: a state is the number of steps that are done. */
const MAX_BITS = 30;

function matcher(steps: readonly Step[]): (text: string) => boolean {
  const isPlain = steps.length <= MAX_BITS && steps.every((step) => step.kind !== "between");
  return isPlain ? bitMatcher(steps) : (text) => follow(steps, text);
}

/** Keeps the states that are reached in the bits of a number, which is fast enough for every path of a large tree. */
function bitMatcher(steps: readonly Step[]): (text: string) => boolean {
  const closures = closuresOf(steps);
  const start = closures[0] ?? 0;
  const followers = steps.map((step, state) => closures[step.kind === "one" ? state + 1 : state] ?? 0);
  const takers = (codePoint: number): number => {
    let mask = 0;
    for (const [state, step] of steps.entries()) {
      if ((step.kind === "one" || step.kind === "many") && step.test(codePoint)) mask |= 1 << state;
    }
    return mask;
  };
  const known = new Map<number, number>();
  return (text) => {
    let active = start;
    for (let at = 0; at < text.length && active !== 0;) {
      const codePoint = text.codePointAt(at) ?? 0;
      at += codePoint > 0xffff ? 2 : 1;
      let mask = known.get(codePoint);
      if (mask === undefined) {
        mask = takers(codePoint);
        known.set(codePoint, mask);
      }
      let next = 0;
      for (let rest = active & mask; rest !== 0; rest &= rest - 1)
        next |= followers[31 - Math.clz32(rest & -rest)] ?? 0;
      active = next;
    }
    return (active & (1 << steps.length)) !== 0;
  };
}

/** For each state, the states that it reaches without a character, itself included. */
function closuresOf(steps: readonly Step[]): readonly number[] {
  const closures: number[] = Array.from({ length: steps.length + 1 }, () => 0);
  for (let state = steps.length; state >= 0; state -= 1) {
    const step = steps[state];
    let mask = 1 << state;
    if (step?.kind === "many" || step?.kind === "optional") mask |= closures[state + 1] ?? 0;
    if (step?.kind === "optional") mask |= closures[state + 1 + step.length] ?? 0;
    closures[state] = mask;
  }
  return closures;
}

/** The same for long patterns, and for steps that look at what is around them. */
function follow(steps: readonly Step[], text: string): boolean {
  const entered = new Int32Array(steps.length + 1).fill(-1);
  // A stack of its own: a pattern of thousands of stars is deeper than the call stack.
  const pending: number[] = [];
  let turn = 0;
  let before: number | undefined;
  const enter = (list: number[], start: number, after: number | undefined): void => {
    pending.push(start);
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (entered[state] === turn) continue;
      entered[state] = turn;
      const step = steps[state];
      if (step === undefined || step.kind === "one" || step.kind === "many") list.push(state);
      if (step?.kind === "optional") pending.push(state + 1 + step.length);
      if (step?.kind === "many" || step?.kind === "optional") pending.push(state + 1);
      if (step?.kind === "between" && step.holds(before, after)) pending.push(state + 1);
    }
  };

  let active: number[] = [];
  enter(active, 0, text.codePointAt(0));
  for (let at = 0; at < text.length && active.length > 0;) {
    const current = text.codePointAt(at) ?? 0;
    at += current > 0xffff ? 2 : 1;
    const after = at < text.length ? text.codePointAt(at) : undefined;
    const next: number[] = [];
    turn += 1;
    before = current;
    for (const state of active) {
      const step = steps[state];
      if (step?.kind === "one" && step.test(current)) enter(next, state + 1, after);
      else if (step?.kind === "many" && step.test(current)) enter(next, state, after);
    }
    active = next;
  }
  return active.includes(steps.length);
}
