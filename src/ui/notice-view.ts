import type { Event } from "../event.ts";
import { closeColors, sanitizeName, sanitizeText } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatWatch } from "./watch-view.ts";

/** Lines of the events that are news by themselves, alike in every renderer; none for those about actions and builds. */
export function noticeLines(event: Event, style: Style, verbose: boolean): readonly string[] {
  switch (event.type) {
    case "notice":
      return sanitizeText(event.message)
        .split("\n")
        .map((line) => closeColors(line, style.color));
    case "warning": {
      const hint = event.hint === undefined ? [] : [`  ${style.dim("hint:")} ${sanitizeName(event.hint)}`];
      return [`${style.yellow("warning:")} ${sanitizeName(event.message)}`, ...hint];
    }
    case "build-warning": {
      const line = event.line === undefined ? "" : ` (line ${event.line})`;
      return [`${style.yellow("warning:")} ${sanitizeName(`${event.image}: ${event.message}`)}${line}`];
    }
    case "watch-ready":
    case "watch-change":
    case "watch-action":
      return formatWatch(event, style, verbose);
    default:
      return [];
  }
}
