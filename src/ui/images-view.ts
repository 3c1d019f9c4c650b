import { formatByteSize } from "../std/byte-size.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** The image that a container runs, as `images --json` has it. */
export interface ImagesRow {
  readonly service: string;
  readonly number: number;
  readonly container: string;
  readonly repository: string;
  readonly tag: string;
  readonly id: string;
  /** All references of the image. */
  readonly tags: readonly string[];
  readonly platform: string;
  /** Bytes. */
  readonly size: number;
}

/** Characters of an id that people recognise it by. */
const SHORT_ID = 12;

/** The images as a table in the given order, or one line when there are none. No newline at the end. */
export function formatImages(rows: readonly ImagesRow[], style: Style): string {
  if (rows.length === 0) return style.dim("No containers. `dock up` makes them.");
  return formatTable(
    [
      { title: "CONTAINER" },
      { title: "REPOSITORY", shrinkTo: 12 },
      { title: "TAG", shrinkTo: 12 },
      { title: "PLATFORM" },
      { title: "IMAGE ID" },
      { title: "SIZE", align: "right" },
    ],
    rows.map((row) => [
      sanitizeName(row.container),
      sanitizeName(row.repository),
      sanitizeName(row.tag).replace(/^(in-[0-9a-f]{12})[0-9a-f]{52}$/, `$1${style.symbols.ellipsis}`),
      sanitizeName(row.platform),
      sanitizeName(row.id.replace(/^sha256:/, "").slice(0, SHORT_ID)),
      formatByteSize(row.size),
    ]),
    style,
  ).join("\n");
}
