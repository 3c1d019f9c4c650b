/**
 * Protocol Buffers' wire format, as much of it as BuildKit's messages need: varints, length-delimited
 * fields, and skipping of what is not known. A field's meaning stands where the message is used.
 */

/** One field of a message: a varint as a signed 64-bit number, or the bytes of a text, a map entry or a nested message. */
export type Field =
  | { readonly kind: "varint"; readonly number: number; readonly value: number }
  | { readonly kind: "bytes"; readonly number: number; readonly value: Buffer };

/** Bytes that are no protobuf message. */
export class MalformedMessage extends Error {
  constructor() {
    super("malformed protobuf message");
    this.name = "MalformedMessage";
  }
}

/**
 * The fields of a message in the order they were sent. Varints beyond 2^53 lose precision; fixed-width fields are
 * skipped. Throws `MalformedMessage` where the bytes end early or make no sense.
 */
export function* fields(message: Uint8Array): Generator<Field, void, undefined> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor);
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { kind: "varint", number, value: readVarint(cursor) };
        break;
      case 1:
        take(cursor, 8);
        break;
      case 2:
        yield { kind: "bytes", number, value: take(cursor, readVarint(cursor)) };
        break;
      case 5:
        take(cursor, 4);
        break;
      default:
        throw new MalformedMessage();
    }
  }
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function take(cursor: Cursor, length: number): Buffer {
  const end = cursor.at + length;
  if (length < 0 || end > cursor.bytes.length) throw new MalformedMessage();
  const taken = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return taken;
}

function readVarint(cursor: Cursor): number {
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new MalformedMessage();
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return low;
  }
  return readLongVarint(cursor, BigInt(low));
}

function readLongVarint(cursor: Cursor, low: bigint): number {
  let value = low;
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new MalformedMessage();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return Number(BigInt.asIntN(64, value));
  }
  throw new MalformedMessage();
}

/** Builds one message field by field. Fields with the default value (0, empty) are left out, as proto3 does. */
export class MessageWriter {
  #buffer = Buffer.allocUnsafe(128);
  #length = 0;

  /** A varint field; a negative number is sent as its 64-bit two's complement. */
  uint(field: number, value: number | bigint): this {
    if (value === 0 || value === 0n) return this;
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  /** A text field in UTF-8. */
  text(field: number, value: string): this {
    if (value === "") return this;
    const length = Buffer.byteLength(value);
    this.bytesHead(field, length);
    this.#reserve(length);
    this.#length += this.#buffer.write(value, this.#length);
    return this;
  }

  /** A bytes field, or a nested message that was built by another writer; written even when empty. */
  bytes(field: number, value: Uint8Array): this {
    this.bytesHead(field, value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** The tag and length of a bytes field whose content the caller sends itself, right after this message. */
  bytesHead(field: number, length: number): this {
    this.#varint(field * 8 + 2);
    this.#varint(length);
    return this;
  }

  /** A map of texts, one entry message per key. */
  map(field: number, entries: Iterable<readonly [string, string]>): this {
    for (const [key, value] of entries) {
      this.bytes(field, new MessageWriter().text(1, key).text(2, value).finish());
    }
    return this;
  }

  /** Begins another message in the same memory. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  /** The message's bytes, which are good until the writer is used again. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    let rest: number;
    if (typeof value === "bigint" || value < 0) {
      const whole = BigInt.asUintN(64, BigInt(value));
      // What is above 28 bits fits in a number.
      rest = Number(whole >> 28n);
      let low = Number(whole & 0xfff_ffffn);
      if (rest === 0) rest = low;
      else {
        for (let bits = 0; bits < 28; bits += 7) {
          this.#buffer[this.#length++] = (low & 0x7f) | 0x80;
          low >>>= 7;
        }
      }
    } else rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
