/** A JSON value of the canonical spec. */
export type SpecValue = string | number | boolean | readonly SpecValue[] | { readonly [key: string]: SpecValue };

/** Properties of a container, by the name they have in the file; what is not there is the engine's or the image's default. */
export type CanonicalSpec = Readonly<Record<string, SpecValue>>;
