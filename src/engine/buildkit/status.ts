import { fields, type Field } from "./pb.ts";

/** What one message of `Control.Status` says, decoded; field numbers are those of `moby.buildkit.v1`. */
export interface StatusMessage {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly VertexStatus[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly VertexWarning[];
}

/** One node of the build graph. Times are milliseconds since 1970. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached: boolean;
  readonly started: number | undefined;
  readonly completed: number | undefined;
  readonly error: string;
}

/** How far a transfer inside a vertex is, in bytes where the total is one of bytes; total 0 is not known. */
export interface VertexStatus {
  readonly vertex: string;
  readonly what: string;
  readonly current: number;
  readonly total: number;
}

/** Output of a vertex, cut anywhere. */
export interface VertexLog {
  readonly vertex: string;
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

/** A remark of the Dockerfile's checks; lines are 1-based, the last one included. */
export interface VertexWarning {
  readonly vertex: string;
  readonly message: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly file: string;
  readonly lines: { readonly first: number; readonly last: number } | undefined;
}

/** Decodes a message of the stream; what this client does not know is skipped. Throws `MalformedMessage`. */
export function parseStatus(message: Uint8Array): StatusMessage {
  const vertexes: Vertex[] = [];
  const statuses: VertexStatus[] = [];
  const logs: VertexLog[] = [];
  const warnings: VertexWarning[] = [];
  for (const field of fields(message)) {
    if (field.kind !== "bytes") continue;
    if (field.number === 1) vertexes.push(parseVertex(field.value));
    else if (field.number === 2) statuses.push(parseVertexStatus(field.value));
    else if (field.number === 3) logs.push(parseLog(field.value));
    else if (field.number === 4) warnings.push(parseWarning(field.value));
  }
  return { vertexes, statuses, logs, warnings };
}

/** A message's fields by number: the values of each in order. */
class FieldMap {
  readonly #fields = new Map<number, Field[]>();

  constructor(message: Uint8Array) {
    for (const field of fields(message)) {
      const same = this.#fields.get(field.number);
      if (same) same.push(field);
      else this.#fields.set(field.number, [field]);
    }
  }

  int(number: number): number {
    const field = this.#fields.get(number)?.at(-1);
    return field?.kind === "varint" ? field.value : 0;
  }

  all(number: number): Buffer[] {
    return (this.#fields.get(number) ?? []).flatMap((field) => (field.kind === "bytes" ? [field.value] : []));
  }

  text(number: number): string {
    return this.all(number).at(-1)?.toString("utf8") ?? "";
  }

  time(number: number): number | undefined {
    const bytes = this.all(number).at(-1);
    if (!bytes) return undefined;
    const timestamp = new FieldMap(bytes);
    return timestamp.int(1) * 1000 + timestamp.int(2) / 1e6;
  }
}

function parseVertex(message: Uint8Array): Vertex {
  const record = new FieldMap(message);
  return {
    digest: record.text(1),
    name: record.text(3),
    cached: record.int(4) !== 0,
    started: record.time(5),
    completed: record.time(6),
    error: record.text(7),
  };
}

function parseVertexStatus(message: Uint8Array): VertexStatus {
  const record = new FieldMap(message);
  return {
    vertex: record.text(2),
    what: record.text(1) || record.text(3),
    current: record.int(4),
    total: record.int(5),
  };
}

function parseLog(message: Uint8Array): VertexLog {
  const record = new FieldMap(message);
  return {
    vertex: record.text(1),
    stream: record.int(3) === 2 ? "stderr" : "stdout",
    bytes: record.all(4).at(-1) ?? Buffer.alloc(0),
  };
}

function parseWarning(message: Uint8Array): VertexWarning {
  const record = new FieldMap(message);
  const ranges = record.all(7).map((range) => new FieldMap(range));
  const line = (range: FieldMap | undefined, end: number): number =>
    new FieldMap(range?.all(end).at(-1) ?? Buffer.alloc(0)).int(1);
  const first = line(ranges[0], 1);
  return {
    vertex: record.text(1),
    message: record.text(3),
    detail: record.all(4).map((bytes) => bytes.toString("utf8")),
    url: record.text(5),
    file: new FieldMap(record.all(6).at(-1) ?? Buffer.alloc(0)).text(1),
    lines: first > 0 ? { first, last: Math.max(first, line(ranges.at(-1), 2)) } : undefined,
  };
}
