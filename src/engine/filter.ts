import type { ListFilter } from "./list-filter.ts";

/** The `filters` of a list call. The engine takes names as regular expressions; `start` is what begins each. */
export function listQuery(filter: ListFilter, start = "^"): { readonly filters?: object } {
  const filters = {
    ...(filter.labels && { label: filter.labels }),
    ...(filter.publishing && { publish: filter.publishing }),
    ...(filter.names && {
      name: filter.names.map((name) => `${start}${name.replace(/[.+*?()[\]{}|^$\\]/g, "\\$&")}$`),
    }),
  };
  return Object.keys(filters).length === 0 ? {} : { filters };
}
