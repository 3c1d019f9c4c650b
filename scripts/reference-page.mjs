// The reference of the file format, read off the schema: one table for each map that has named keys.

/** Maps in the order in which a reader meets them: heading, then the name of the definition. */
const CHAPTERS = [
  ["images.*", "image"],
  ["services.*", "service"],
  ["services.*.dev", "dev"],
  ["services.*.dev.watch", "watchRule"],
  ["ports", "port"],
  ["mounts", "mount"],
  ["services.*.healthcheck", "healthcheck"],
  ["services.*.depends_on.*", "dependsOn"],
  ["services.*.networks.*", "attachment"],
  ["networks.*", "network"],
  ["volumes.*", "volume"],
  ["secrets.*, configs.*", "fileSource"],
  ["services.*.secrets, services.*.configs", "fileGrant"],
  ["services.*.post_start, services.*.pre_stop", "hook"],
  ["services.*.gpus, services.*.resources.devices", "device"],
];

/** The whole page as Markdown. */
export function referencePage(schema, header) {
  const chapters = CHAPTERS.map(([heading, name]) => chapter(heading, mapWithKeys(schema.definitions[name]), schema));
  return [
    `<!-- ${header} -->`,
    "# dock.yaml",
    schema.description,
    "Values may contain `$V`, `${V}`, `${V:-default}`, `${V-default}`, `${V:?message}`, `${V?message}` and `${V:+alternative}`; `$$` is a `$`. " +
      "A variable that is unset and has no default is an error.",
    "What is marked *not supported yet* is refused, never ignored.",
    chapter("Top level", schema, schema),
    ...chapters,
    "",
  ].join("\n\n");
}

/** The schema whose `properties` a chapter is about: itself, or what its keys hold. */
function mapWithKeys(definition) {
  return definition.properties ? definition : definition.additionalProperties;
}

function chapter(heading, definition, schema) {
  const rows = Object.entries(definition.properties).flatMap(([key, property]) => rowsOf(key, property, schema));
  const lines = [`## \`${heading}\``.replace("`Top level`", "Top level")];
  if (definition !== schema && definition.description) lines.push(definition.description);
  lines.push(["| key | type | meaning | example |", "| --- | --- | --- | --- |", ...rows].join("\n"));
  return lines.join("\n\n");
}

/** A row for the key, and rows for the keys of a map that has no chapter of its own. */
function rowsOf(key, property, schema) {
  const target = property.$ref ? schema.definitions[property.$ref.split("/").at(-1)] : property;
  const meaning = property.description ?? target.description;
  const example = (property.examples ?? [])[0];
  const shown = example === undefined ? "" : `\`${escape(`${key.split(".").at(-1)}: ${inYaml(example)}`)}\``;
  const row = `| \`${key}\` | ${typeName(target, schema)} | ${escape(meaning)} | ${shown} |`;
  const nested = property.$ref || !property.properties ? [] : Object.entries(property.properties);
  return [row, ...nested.flatMap(([name, child]) => rowsOf(`${key}.${name}`, child, schema))];
}

/** Types in the words that the diagnostics use. */
function typeName(property, schema) {
  if (property.$ref) return typeName(schema.definitions[property.$ref.split("/").at(-1)], schema);
  if (property.enum) return property.enum.map((value) => `\`${value}\``).join(", ");
  const names = { integer: "whole number", boolean: "true or false", object: "map", array: "list", null: "nothing" };
  const types = [property.type].flat().filter((type) => property.pattern !== "\\$" || type !== "string");
  return types.map((type) => names[type] ?? type).join(", ");
}

/** One line of flow-style YAML. */
function inYaml(value) {
  if (Array.isArray(value)) return `[${value.map(inYaml).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value).map(
      ([key, member]) => `${/^[\w.-]+$/.test(key) ? key : JSON.stringify(key)}: ${inYaml(member)}`,
    );
    return `{ ${members.join(", ")} }`;
  }
  if (
    typeof value === "string" &&
    /^[A-Za-z./][\w./:@=-]*$/.test(value) &&
    !/: |^(true|false|null|yes|no)$/.test(value)
  )
    return value;
  return JSON.stringify(value);
}

function escape(text) {
  return text.replaceAll("|", "\\|");
}
