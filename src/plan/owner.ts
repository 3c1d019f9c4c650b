import { LABEL } from "./labels.ts";
import type { ObservedContainer } from "./observed.ts";
import type { Action, ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";

/** The container whose namespaces a service shares, as a plan leaves it. */
export type Owner =
  /** The plan leaves it in place; with `start` it runs only afterwards, in new namespaces. */
  | { readonly kind: "same"; readonly id: string; readonly start?: ActionId }
  | { readonly kind: "replaced"; readonly id: string; readonly action: Action; readonly successor?: string }
  | { readonly kind: "new"; readonly action: Action };

/** Ids of the containers whose namespaces a container joined when it was created, by service. */
export function joinedOwners(container: Pick<ObservedContainer, "labels">): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(container.labels[LABEL.owners] ?? "{}");
    return value !== null && typeof value === "object" ? (value as Readonly<Record<string, string>>) : {};
  } catch {
    return {};
  }
}

/** What its owners mean for a container that joined their namespaces. */
export interface Following {
  /** Why it has to be replaced in any case: it joined a container that is not the owner any more, or won't be. */
  readonly replace: readonly Reason[];
  /** Replacements of owners that are carried out only on a condition: then it is replaced, too. */
  readonly conditional: readonly Action[];
}

/** Compares what a container joined with what a plan makes of its owners. */
export function following(container: Pick<ObservedContainer, "labels">, owners: ReadonlyMap<string, Owner>): Following {
  const joined = joinedOwners(container);
  const replace: Reason[] = [];
  const conditional: Action[] = [];
  for (const [service, owner] of owners) {
    const target = `service:${service}/1`;
    const current = joined[service] === (owner.kind === "new" ? undefined : owner.id);
    if (owner.kind === "replaced" && current && owner.action.onlyIfImageIsNot) conditional.push(owner.action);
    else if (owner.kind === "replaced" && owner.successor !== undefined && joined[service] === owner.successor)
      continue;
    else if (owner.kind !== "same" || !current) replace.push({ code: "dependency-replaced", path: target });
  }
  return { replace, conditional };
}
