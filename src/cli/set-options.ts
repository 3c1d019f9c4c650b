import { DockError } from "../error.ts";
import type { ImageOverride } from "../project/image-overrides.ts";

/** Spellings of bake files. */
const ALIASES: Readonly<Record<string, string>> = { platform: "platforms", tag: "tags", output: "output" };

/** What `--set IMAGE.KEY=VALUE`, `IMAGE.args.NAME=VALUE` and `IMAGE.KEY+=VALUE` ask for; another form is a usage error. */
export function imageOverrides(given: readonly string[]): readonly ImageOverride[] {
  return given.map((text) => {
    const found = /^(?<left>[^=]+?)(?<append>\+?)=(?<value>[^]*)$/.exec(text)?.groups;
    const place = splitPlace(found?.["left"] ?? "");
    if (!found || !place) {
      throw new DockError("usage", `--set takes IMAGE.KEY=VALUE, not "${text}"`, {
        hint: "for example app.target=release, *.args.VERSION=2, app.tags+=app:next",
      });
    }
    return { text, ...place, append: found["append"] === "+", value: found["value"] ?? "" };
  });
}

/** The keys of maps: behind them stands a name that may hold dots itself. */
const MAPS = "args|labels|contexts";

/** An image's key may hold dots too, so the key of the setting is looked for from behind. */
function splitPlace(left: string): Pick<ImageOverride, "pattern" | "key" | "entry"> | undefined {
  const entry = new RegExp(`^(.+?)\\.(${MAPS})\\.(.+)$`).exec(left);
  if (entry) return { pattern: entry[1] ?? "", key: entry[2] ?? "", entry: entry[3] };
  const plain = /^(.+)\.([^.]+)$/.exec(left);
  if (!plain) return undefined;
  const key = (plain[2] ?? "").replaceAll("-", "_");
  return { pattern: plain[1] ?? "", key: ALIASES[key] ?? key, entry: undefined };
}
