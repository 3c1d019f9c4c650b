import { Composer, Lexer, Parser, type CST, type Document } from "yaml";
import type { Source } from "../diagnostic.ts";
import { growTree } from "./grow-tree.ts";
import { MAX_BYTES, MAX_KEYS, type Parsed } from "./parsed.ts";
import { syntaxDiagnostics } from "./yaml-syntax.ts";

const MAX_DEPTH = 64;
/** Smallest parts that the scanner may find, six or so on a line; 1 MiB of nothing but brackets has more. */
const MAX_TOKENS = 100_000;
/** Characters that YAML forbids; a NUL cuts strings short in the engine. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFE\uFFFF]/;

/** Reads YAML 1.2 with anchors and merge keys. Never throws; size, depth and width are checked before anything recursive sees the text. */
export function parse(source: Source): Parsed {
  const limit = (start: number, message: string): Parsed => failed(source, start, { code: "yaml-limit", message });
  if (Buffer.byteLength(source.text) > MAX_BYTES) return limit(0, "the file is larger than 1 MiB");
  const forbidden = FORBIDDEN.exec(source.text);
  if (forbidden) {
    const name = forbidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return failed(source, forbidden.index, {
      code: "yaml-syntax",
      message: `the control character U+${name} is not allowed`,
    });
  }
  const scanned = scan(source.text);
  if (scanned.kind === "refused") return limit(scanned.offset, scanned.message);
  const documents: Document.Parsed[] = [];
  const composer = new Composer({ uniqueKeys: false, logLevel: "silent" });
  for (const document of composer.compose(scanned.tokens, true, source.text.length)) documents.push(document);
  const [document, second] = documents;
  const mistakes = syntaxDiagnostics(source, documents);
  if (mistakes.length > 0 || !document) return { tree: undefined, diagnostics: mistakes };
  if (second) {
    const message = "a project file is one YAML document; a second one starts here";
    return failed(source, second.range[0], { code: "yaml-syntax", message });
  }
  return growTree(source, document.contents);
}

function failed(source: Source, start: number, mistake: { code: string; message: string }): Parsed {
  return {
    tree: undefined,
    diagnostics: [{ severity: "error", ...mistake, at: { source, span: { start, end: start + 1 } } }],
  };
}

type Scan =
  | { readonly kind: "tokens"; readonly tokens: readonly CST.Token[] }
  | { readonly kind: "refused"; readonly offset: number; readonly message: string };

/** Builds the concrete syntax, which takes no recursion, and stops at the first thing that is too deep or too wide. */
function scan(text: string): Scan {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  const refused = (message: string): Scan => ({
    kind: "refused",
    offset: Math.min(parser.offset, text.length),
    message,
  });
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    count += 1;
    if (count > MAX_TOKENS) return refused("the file has too many lines or values");
    // The document itself and a scalar lie on the stack too.
    if (parser.stack.length > MAX_DEPTH + 2)
      return refused(`lists and maps are nested more than ${MAX_DEPTH} deep here`);
    const top = parser.stack.at(-1);
    const isMap = top?.type === "block-map" || (top?.type === "flow-collection" && top.start.source === "{");
    if (isMap && top.items.length > MAX_KEYS + 1) return refused(`this map has more than ${MAX_KEYS} keys`);
  }
  tokens.push(...parser.end());
  return { kind: "tokens", tokens };
}
