import { type Traced, slice } from "./traced.ts";

/**
 * The fields of a comma-separated value. A field may stand in double quotes, where a doubled quote is one. Undefined
 * for quotes in other places, which BuildKit refuses too.
 */
export function splitComma(value: Traced): readonly Traced[] | undefined {
  const fields: Traced[] = [];
  let at = 0;
  for (;;) {
    const field = value.text[at] === '"' ? quotedField(value, at) : bareField(value, at);
    if (!field) return undefined;
    fields.push(field.content);
    if (field.end >= value.text.length) return fields;
    at = field.end + 1;
  }
}

interface Field {
  readonly content: Traced;
  /** At the comma behind it, or at the end. */
  readonly end: number;
}

function bareField(value: Traced, start: number): Field | undefined {
  const comma = value.text.indexOf(",", start);
  const end = comma < 0 ? value.text.length : comma;
  const content = slice(value, start, end);
  return content.text.includes('"') ? undefined : { content, end };
}

function quotedField(value: Traced, start: number): Field | undefined {
  let text = "";
  const offsets: number[] = [];
  for (let at = start + 1; at < value.text.length; at += 1) {
    if (value.text[at] === '"') {
      if (value.text[at + 1] !== '"') {
        const closes = at + 1 === value.text.length || value.text[at + 1] === ",";
        return closes ? { content: { text, offsets }, end: at + 1 } : undefined;
      }
      at += 1;
    }
    text += value.text[at];
    offsets.push(value.offsets[at] ?? 0);
  }
  return undefined;
}
