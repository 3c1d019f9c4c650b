/** What a source of events says: where to look. Only a look says what has changed. */
export type Hint =
  /** Something was at this path, or is. */
  | { readonly kind: "path"; readonly path: string }
  /** Events got lost, or nobody knows. */
  | { readonly kind: "everything"; readonly because: string };
