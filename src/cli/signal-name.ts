import { constants } from "node:os";
import { DockError } from "../error.ts";
import { closest } from "../std/closest.ts";

/** The signal that a text names, as "SIGHUP", however it is written: "HUP", "sighup", 1. Anything else is a usage error. */
export function signalName(text: string): string {
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === text)?.[0];
  if (byNumber !== undefined) return byNumber;
  const upper = text.toUpperCase();
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  if (name in constants.signals || /^SIGRTM(?:IN(?:\+\d{1,2})?|AX(?:-\d{1,2})?)$/.test(name)) return name;
  const meant = closest(name, Object.keys(constants.signals));
  throw new DockError("usage", `there is no signal "${text}"`, {
    hint: meant === undefined ? "name one like SIGHUP, HUP or 1" : `did you mean ${meant}?`,
  });
}
