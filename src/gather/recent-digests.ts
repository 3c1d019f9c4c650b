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
  readonly at: number;
}

/** How old (ms) a digest may be to be taken for what is there now. */
const RECENT_MS = 1000;

/**
 * The digests that one run has just made. A run looks at the disk before it has the lock and under it, after a build and
 * at its end, often within milliseconds; what is saved in between is what the next run sees. Never to outlive its run.
 */
export class RecentDigests implements DigestSource {
  readonly #made = new Map<string, Made>();

  /** Always looks at the disk, for what must have been seen after something else has happened. */
  readonly anew: DigestSource = {
    of: async ({ slot, key }, make) => {
      const digest = await make();
      this.#made.set(slot, { key, digest, at: performance.now() });
      return digest;
    },
  };

  async of(what: DigestOf, make: () => Promise<ContextDigest>): Promise<ContextDigest> {
    const known = this.#recent(what.slot);
    return known?.key === what.key ? known.digest : this.anew.of(what, make);
  }

  /** The digest last made for a slot, whatever it depended on; undefined when it is not recent. */
  last(slot: string): ContextDigest | undefined {
    return this.#recent(slot)?.digest;
  }

  #recent(slot: string): Made | undefined {
    const made = this.#made.get(slot);
    return made && performance.now() - made.at < RECENT_MS ? made : undefined;
  }
}
