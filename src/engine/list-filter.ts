/** Server-side filters of lists: all must hold. */
export interface ListFilter {
  /** `key` or `key=value`. */
  readonly labels?: readonly string[];
  /** Exact names, any of them. */
  readonly names?: readonly string[];
  /** Host ports as `8080/tcp`, any of them: for containers only. */
  readonly publishing?: readonly string[];
}
