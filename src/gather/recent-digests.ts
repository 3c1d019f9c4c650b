import type { ContextDigest } from "../context/digest.ts";

/** What a digest is of. */
export interface DigestOf {
  /** Which context, for what: of each the last digest is kept. */
  readonly slot: string;
  /** All that the digest depends on but the disk. */
  readonly key: string;
}

/** Gives the digest of a context: one that it has, or what `make` makes. */
export interface DigestSource {
  of(what: DigestOf, make: () => Promise<ContextDigest>): Promise<ContextDigest>;
}

interface Made {
  readonly key: string;
  readonly digest: ContextDigest;
  /** Before it was made, and after. */
  readonly began: number;
  readonly at: number;
}

/** How old (ms) a digest may be to be taken for what is there now. */
const RECENT_MS = 1000;

/** How long (ms) ago a look may have begun for a builder to be told what was seen: the rest of a run's look after it included. */
const SEEN_MS = 2000;

/**
 * The digests that one run has just made. A run looks at the disk before it has the lock and under it, after a build and
 * at its end, often within milliseconds; what is saved in between is what the next run sees. Never to outlive its run.
 */
export class RecentDigests implements DigestSource {
  readonly #made = new Map<string, Made>();

  /** Always looks at the disk, for what must have been seen after something else has happened. */
  readonly anew: DigestSource = {
    of: async ({ slot, key }, make) => {
      const began = performance.now();
      const digest = await make();
      this.#made.set(slot, { key, digest, began, at: performance.now() });
      return digest;
    },
  };

  async of(what: DigestOf, make: () => Promise<ContextDigest>): Promise<ContextDigest> {
    const known = this.#made.get(what.slot);
    const isRecent = known?.key === what.key && performance.now() - known.at < RECENT_MS;
    return isRecent ? known.digest : this.anew.of(what, make);
  }

  /** The digest last made for a slot, whatever it depended on; undefined when it was begun too long ago. */
  last(slot: string): ContextDigest | undefined {
    const made = this.#made.get(slot);
    return made && performance.now() - made.began < SEEN_MS ? made.digest : undefined;
  }
}
