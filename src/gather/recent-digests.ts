import type { ContextDigest } from "../context/digest.ts";

/** Gives the digest of a context: one that it has, or what `make` makes. */
export interface DigestSource {
  of(key: string, make: () => Promise<ContextDigest>): Promise<ContextDigest>;
}

/** How old (ms) a digest may be to be taken for what is there now. */
const RECENT_MS = 1000;

/**
 * The digests that one run has just made. A run looks at the disk before it has the lock and under it, after a build and
 * at its end, often within milliseconds; what is saved in between is what the next run sees. Never to outlive its run.
 */
export class RecentDigests implements DigestSource {
  readonly #made = new Map<string, { readonly digest: ContextDigest; readonly at: number }>();

  /** Always looks at the disk, for what must have been seen after something else has happened. */
  readonly anew: DigestSource = {
    of: async (key, make) => {
      const digest = await make();
      this.#made.set(key, { digest, at: performance.now() });
      return digest;
    },
  };

  async of(key: string, make: () => Promise<ContextDigest>): Promise<ContextDigest> {
    const known = this.#made.get(key);
    return known && performance.now() - known.at < RECENT_MS ? known.digest : this.anew.of(key, make);
  }
}
