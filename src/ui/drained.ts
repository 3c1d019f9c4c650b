/** The part of a stream that tells when it takes more. */
export interface Drainable {
  once(event: "drain" | "close" | "error", listener: () => void): unknown;
  removeListener(event: "drain" | "close" | "error", listener: () => void): unknown;
  readonly destroyed?: boolean;
}

/** Resolves when the stream takes more or will never: a closed pipe is for its owner to notice. */
export async function drained(output: Drainable): Promise<void> {
  if (output.destroyed === true) return;
  await new Promise<void>((resolve) => {
    const events = ["drain", "close", "error"] as const;
    const settle = (): void => {
      for (const event of events) output.removeListener(event, settle);
      resolve();
    };
    for (const event of events) output.once(event, settle);
  });
}
