import { MessageWriter } from "../../../src/engine/buildkit/pb.ts";

/** Builds the builder's status messages for tests; times are milliseconds since 1970. */

interface VertexData {
  readonly digest: string;
  readonly name?: string;
  readonly cached?: boolean;
  readonly started?: number;
  readonly completed?: number;
  readonly error?: string;
}

export interface StatusData {
  readonly vertexes?: readonly VertexData[];
  readonly statuses?: readonly { vertex: string; id: string; current: number; total: number }[];
  readonly logs?: readonly { vertex: string; stream: 1 | 2; text: string | Buffer }[];
  readonly warnings?: readonly { vertex: string; short: string; file?: string; lines?: readonly [number, number] }[];
}

export function statusMessage({ vertexes = [], statuses = [], logs = [], warnings = [] }: StatusData): Buffer {
  const message = new MessageWriter();
  for (const { digest, name = "", cached = false, started, completed, error = "" } of vertexes) {
    const vertex = new MessageWriter()
      .text(1, digest)
      .text(3, name)
      .uint(4, cached ? 1 : 0);
    if (started !== undefined) vertex.bytes(5, timestamp(started));
    if (completed !== undefined) vertex.bytes(6, timestamp(completed));
    message.bytes(1, vertex.text(7, error).finish());
  }
  for (const { vertex, id, current, total } of statuses) {
    message.bytes(
      2,
      new MessageWriter().text(1, id).text(2, vertex).text(3, "name").uint(4, current).uint(5, total).finish(),
    );
  }
  for (const { vertex, stream, text } of logs) {
    message.bytes(3, new MessageWriter().text(1, vertex).uint(3, stream).bytes(4, Buffer.from(text)).finish());
  }
  for (const { vertex, short, file = "", lines } of warnings) {
    const warning = new MessageWriter()
      .text(1, vertex)
      .uint(2, 1)
      .text(3, short)
      .text(4, "why")
      .text(5, "https://example.test/rule");
    warning.bytes(6, new MessageWriter().text(1, file).finish());
    if (lines) {
      const [start, end] = lines.map((line) => new MessageWriter().uint(1, line).finish());
      warning.bytes(
        7,
        new MessageWriter()
          .bytes(1, start ?? Buffer.alloc(0))
          .bytes(2, end ?? Buffer.alloc(0))
          .finish(),
      );
    }
    message.bytes(4, warning.finish());
  }
  return message.finish();
}

function timestamp(milliseconds: number): Buffer {
  return new MessageWriter()
    .uint(1, Math.floor(milliseconds / 1000))
    .uint(2, (milliseconds % 1000) * 1_000_000)
    .finish();
}
