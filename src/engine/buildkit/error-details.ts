import { type LineRange, lineRange, member, text } from "./go-json.ts";
import { fields, MalformedMessage } from "./pb.ts";

/** Where an error stands. */
export interface ErrorSource {
  readonly file: string;
  /** The file's text as the builder read it. */
  readonly text: string;
  readonly ranges: readonly LineRange[];
}

/** What BuildKit attaches to a failed solve; everything may be missing. */
export interface ErrorDetails {
  /** Digest of the step that failed. */
  readonly vertex: string | undefined;
  readonly exitCode: number | undefined;
  readonly source: ErrorSource | undefined;
}

const NOTHING: ErrorDetails = { vertex: undefined, exitCode: undefined, source: undefined };

/** Reads a serialized `google.rpc.Status`; an engine that sends none, or something else, gives an empty answer. */
export function parseErrorDetails(status: Buffer | undefined): ErrorDetails {
  let details = NOTHING;
  for (const { type, value } of status ? attached(status) : []) {
    // Each is JSON that Go's own encoder wrote: `{"info":…}`, and on older engines `{"Info":…}`.
    if (type.includes("errdefs.Source")) details = { ...details, source: details.source ?? sourceOf(value) };
    else if (type.includes("errdefs.Vertex")) details = { ...details, vertex: text(member(value, "digest")) };
    else if (type.includes("ExitMessage") || type.includes("ExitError")) {
      const code = member(value, "code") ?? member(value, "exitcode");
      if (typeof code === "number") details = { ...details, exitCode: code };
    }
  }
  return details;
}

function attached(status: Buffer): { type: string; value: unknown }[] {
  try {
    return [...fields(status)].flatMap((field) => {
      if (field.kind !== "bytes" || field.number !== 3) return [];
      const parts = [...fields(field.value)].flatMap((part) => (part.kind === "bytes" ? [part] : []));
      const bytes = (number: number): Buffer | undefined => parts.find((part) => part.number === number)?.value;
      const value = json(bytes(2)?.toString("utf8") ?? "");
      return [{ type: bytes(1)?.toString("utf8") ?? "", value }];
    });
  } catch (error) {
    if (error instanceof MalformedMessage) return [];
    throw error;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sourceOf(value: unknown): ErrorSource | undefined {
  const info = member(value, "info");
  const file = text(member(info, "filename"));
  const data = text(member(info, "data"));
  if (file === undefined || data === undefined) return undefined;
  const ranges = member(value, "ranges");
  return {
    file,
    text: Buffer.from(data, "base64").toString("utf8"),
    ranges: joined((Array.isArray(ranges) ? ranges : []).flatMap(lineRange)),
  };
}

/** The builder tells an instruction of several lines as one range a line. */
function joined(ranges: readonly LineRange[]): LineRange[] {
  const result: LineRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before && range.first <= before.last + 1) {
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    } else result.push(range);
  }
  return result;
}
