/** Look-ups for which searching the text is quicker than taking it apart. */
const FEW = 16;

/**
 * A line of text for each of many files, as they stand in a file: one after another, each with its path in quotes
 * behind it. As long as few are asked for, the text is left in one piece.
 */
export class FileLines {
  /** Every line with a line break in front of it; undefined once it was taken apart. */
  #text: string | undefined;
  #map = new Map<string, string>();
  #asked = 0;

  /** `text` is what `text()` gave; no line may hold a quotation mark. */
  constructor(text = "") {
    this.#text = text;
  }

  get(path: string): string | undefined {
    const text = this.#whole();
    if (text === undefined) return this.#map.get(path);
    const place = find(text, path);
    return place && text.slice(place.start, place.end);
  }

  set(path: string, line: string): void {
    const text = this.#whole();
    if (text === undefined) {
      this.#map.set(path, line);
      return;
    }
    const { start, end } = find(text, path) ?? {};
    this.#text =
      start === undefined ? `${text}${written(path, line)}` : `${text.slice(0, start)}${line}${text.slice(end)}`;
  }

  delete(path: string): void {
    this.#apart().delete(path);
  }

  /** Every path with its line. */
  entries(): Iterable<[string, string]> {
    return this.#apart().entries();
  }

  /** All of it, in pieces of at most some hundred kilobytes where it was taken apart. */
  *text(): Generator<string> {
    if (this.#text !== undefined) {
      yield this.#text;
      return;
    }
    let chunk = "";
    for (const [path, line] of this.#map) {
      chunk += written(path, line);
      if (chunk.length < CHUNK) continue;
      yield chunk;
      chunk = "";
    }
    yield chunk;
  }

  /** The text for one more look-up; undefined when it was taken apart. */
  #whole(): string | undefined {
    this.#asked += 1;
    if (this.#asked > FEW) this.#apart();
    return this.#text;
  }

  #apart(): Map<string, string> {
    if (this.#text === undefined) return this.#map;
    const [, ...lines] = this.#text.split("\n");
    for (const line of lines) {
      const at = line.indexOf('"');
      this.#map.set(JSON.parse(line.slice(at)) as string, line.slice(0, at - 1));
    }
    this.#text = undefined;
    return this.#map;
  }
}

/** Characters that are written at once. */
const CHUNK = 256 * 1024;

function written(path: string, line: string): string {
  return `\n${line} ${JSON.stringify(path)}`;
}

/** Where a path's line stands. A quotation mark within a path has a backslash before it, so nothing else looks like the end of a line. */
function find(text: string, path: string): { readonly start: number; readonly end: number } | undefined {
  const name = ` ${JSON.stringify(path)}`;
  const inside = text.indexOf(`${name}\n`);
  const end = inside >= 0 ? inside : text.endsWith(name) ? text.length - name.length : -1;
  return end < 0 ? undefined : { start: text.lastIndexOf("\n", end) + 1, end };
}
