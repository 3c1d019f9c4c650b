import { fields, MessageWriter } from "./pb.ts";

/** A stretch of a stream as BuildKit's services send it: `BytesMessage`. */
export function bytesMessage(bytes: Uint8Array): Buffer {
  return new MessageWriter().bytes(1, bytes).finish();
}

/** The bytes of a `BytesMessage`. Throws `MalformedMessage`. */
export function readBytesMessage(message: Uint8Array): Buffer {
  const parts = [...fields(message)].flatMap((field) =>
    field.kind === "bytes" && field.number === 1 ? [field.value] : [],
  );
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}
