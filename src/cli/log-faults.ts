import { DockError } from "../error.ts";

/** Whether a container was removed meanwhile: it has no more to say. */
export function isGone(error: unknown): boolean {
  return error instanceof DockError && error.status === 404;
}

/** Whether the container's logging driver keeps nothing to read. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof DockError && /logging driver does not support reading/.test(error.message);
}
