import type { Event } from "../event.ts";
import { appendRunLog, type LoggedAction } from "../gather/run-log.ts";
import type { Plan } from "../plan/plan.ts";
import type { Reason } from "../plan/reason.ts";
import type { Project } from "../project/model.ts";
import type { Session } from "./session.ts";

/** Kinds that are worth a "why": what made or changed something that a user sees. */
const TOLD =
  /^(?:image\.(?:build|pull|tag)|container\.(?:create|replace|start|restart|update|remove)|network\.|volume\.)/;

/** Listens to a run's events and keeps what was done, with its reasons, for `why`. */
export class RunLogger {
  readonly #done: LoggedAction[] = [];

  /** Notes an event of the run that carries out `plan`; `images` are those that it has made, by key. */
  note(event: Event, plan: Plan, images: ReadonlyMap<string, { readonly id: string }>): void {
    if (event.type !== "action-done") return;
    const action = plan.actions.find(({ id }) => id === event.id);
    if (!action || !TOLD.test(action.operation.kind)) return;
    const made = action.operation.kind === "image.build" ? images.get(action.target.slice("image:".length)) : undefined;
    this.#done.push({
      time: Date.now(),
      durationMs: event.durationMs,
      ...(made ? { image: made.id } : {}),
      target: action.target,
      kind: action.operation.kind,
      reasons: action.reasons.map(withoutValues),
      ...(event.note === undefined ? {} : { note: event.note }),
    });
  }

  /** Writes what was noted. */
  async save(session: Session, project: Project): Promise<void> {
    await appendRunLog(session.cacheDirectory, project, this.#done.splice(0));
  }
}

/** Values of the environment may be secrets: they are shown, never stored. */
function withoutValues(reason: Reason): Reason {
  if (reason.path?.startsWith("environment.") !== true) return reason;
  const { before: _, after: __, ...rest } = reason;
  return rest;
}
