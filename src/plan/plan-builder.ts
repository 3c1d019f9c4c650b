import type { Operation, OperationKind } from "./operation.ts";
import { type Action, type ActionId, actionId, type Plan } from "./plan.ts";
import type { Reason } from "./reason.ts";

/** Something that keeps a plan from being carried out: nothing has been touched and nothing will be (exit code 6 or 2). */
export interface Conflict {
  readonly kind:
    | "foreign-container"
    | "foreign-network"
    | "foreign-volume"
    | "external-missing"
    | "not-built"
    | "port-held"
    | "engine-too-old"
    | "owner-missing"
    | "network-in-use";
  /** The name in the way or missing. */
  readonly name: string;
  readonly message: string;
  readonly hint: string;
}

/** What may be said about an action beyond what it does and why. */
interface ActionExtras {
  readonly after?: readonly (ActionId | undefined)[];
  readonly destroys?: string;
  readonly onlyIfImageIsNot?: Action["onlyIfImageIsNot"];
}

/** Collects actions; the plan it makes has them in an order that respects `after`. */
export class PlanBuilder {
  readonly #actions = new Map<ActionId, Action>();
  readonly #touched = new Set<string>();
  readonly #unchanged = new Set<string>();
  readonly conflicts: Conflict[] = [];
  /** What the plan does not do and the reader may expect. */
  readonly notices: string[] = [];

  /** Adds an action once; `qualifier` tells actions of one kind and target apart. */
  add<K extends OperationKind>(
    target: string,
    operation: Operation<K>,
    more: ActionExtras & { readonly reasons: readonly Reason[]; readonly qualifier?: string },
  ): ActionId {
    const base = actionId(operation.kind as OperationKind, target);
    const id = more.qualifier === undefined ? base : `${base} ${more.qualifier}`;
    const { after = [], destroys, onlyIfImageIsNot, reasons } = more;
    this.#touched.add(target);
    this.#actions.set(id, {
      id,
      target,
      operation: operation as Operation,
      after: [...new Set(after.filter((other) => other !== undefined))],
      reasons,
      ...(destroys === undefined ? {} : { destroys }),
      ...(onlyIfImageIsNot === undefined ? {} : { onlyIfImageIsNot }),
    });
    return id;
  }

  /** Makes an action wait for another one unless that would close a circle. Returns whether it does. */
  order(id: ActionId, after: ActionId): boolean {
    const action = this.#actions.get(id);
    if (!action || id === after || this.#waitsFor(after, id)) return false;
    this.#actions.set(id, { ...action, after: [...new Set([...action.after, after])] });
    return true;
  }

  /** Puts another action in the place of one; its id stays. */
  change(id: ActionId, change: (action: Action) => Action): void {
    const action = this.#actions.get(id);
    if (action) this.#actions.set(id, { ...change(action), id });
  }

  /** Whether an action is carried out only after another one, however many others come between. */
  follows(id: ActionId, other: ActionId): boolean {
    return id !== other && this.#waitsFor(id, other);
  }

  has(id: ActionId): boolean {
    return this.#actions.has(id);
  }

  /** True when an action on the target has been added. */
  touches(target: string): boolean {
    return this.#touched.has(target);
  }

  actions(): readonly Action[] {
    return [...this.#actions.values()];
  }

  unchanged(target: string): void {
    this.#unchanged.add(target);
  }

  build(project: string): Plan {
    const ordered: Action[] = [];
    const placed = new Set<ActionId>();
    const place = (action: Action): void => {
      if (placed.has(action.id)) return;
      placed.add(action.id);
      for (const before of action.after) {
        const other = this.#actions.get(before);
        if (other) place(other);
      }
      ordered.push({ ...action, after: action.after.filter((before) => this.#actions.has(before)) });
    };
    for (const action of this.#actions.values()) place(action);
    return { format: "dock.plan/1", project, actions: ordered, unchanged: [...this.#unchanged].sort() };
  }

  /** True when `id` runs only after `other`. */
  #waitsFor(id: ActionId, other: ActionId): boolean {
    const seen = new Set<ActionId>();
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === other) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(this.#actions.get(next)?.after ?? []));
    }
    return false;
  }
}
