/** Lines of a step's output that are kept for the error, and how many of them belong to stderr in any case. */
const KEPT = 20;
const RESERVED = 5;

/**
 * The last lines of a step's output in the order they came. The engine reads stdout and stderr apart and gives them in
 * no certain order, so the last lines of stderr, which tell most, are kept although many of stdout come after them.
 */
export class LastLines {
  readonly #lines: { readonly stream: "stdout" | "stderr"; readonly text: string }[] = [];

  push(stream: "stdout" | "stderr", text: string): void {
    this.#lines.push({ stream, text });
    if (this.#lines.length <= KEPT) return;
    const errors = this.#lines.filter((line) => line.stream === "stderr").length;
    this.#lines.splice(errors > RESERVED ? 0 : this.#lines.findIndex((line) => line.stream === "stdout"), 1);
  }

  get texts(): readonly string[] {
    return this.#lines.map(({ text }) => text);
  }
}
