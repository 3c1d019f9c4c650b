import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/setup/dependencies.mjs";
import { growth } from "./statistics.mjs";

/**
 * @typedef {import("./cases.mjs").Case} Case
 * @typedef {import("./results.mjs").Result} Result
 * @typedef {import("./statistics.mjs").Comparison} Comparison
 */

const PAGE = join(ROOT, "docs/performance.md");
const BEGIN = "<!-- figures: written by npm run bench -->";
const END = "<!-- end of figures -->";

/** One line of a case for the terminal. @param {Case} given @param {string} metric @param {Comparison} comparison */
export function line(given, metric, comparison) {
  const { dock, peer, ratio, low, high } = comparison;
  const name = metric === "time" ? given.name : `${given.name} ${metric}`;
  return `${name.padEnd(26)} ${figure(metric, dock).padStart(9)} ${figure(metric, peer).padStart(9)}  ${ratio.toFixed(2)}  (${low.toFixed(2)}-${high.toFixed(2)})  ${verdict(given, metric, comparison)}`;
}

/** Puts the figures into the page of the docs; what people wrote around them stays. @param {readonly Case[]} cases @param {Record<string, Result>} results */
export function writePage(cases, results) {
  const page = readFileSync(PAGE, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PAGE} lacks its markers`);
  const text = [
    BEGIN,
    ...circumstances(Object.values(results)),
    "",
    ...table(cases, results),
    "",
    ...growthTable(cases, results),
  ];
  writeFileSync(PAGE, `${page.slice(0, begin)}${text.join("\n")}\n${page.slice(end)}`);
}

/** @param {readonly Result[]} results */
function circumstances(results) {
  const distinct = (/** @type {(result: Result) => string} */ of) => [...new Set(results.map(of))].join("; ");
  return [
    `Machine: ${distinct(({ machine }) => machine)}. Measured on ${distinct(({ date }) => date)}.`,
    `Versions: ${distinct(({ versions }) =>
      Object.entries(versions)
        .map(([tool, version]) => `${tool} ${version}`)
        .join(", "),
    )}.`,
  ];
}

/** @param {readonly Case[]} cases @param {Record<string, Result>} results */
function table(cases, results) {
  const rows = cases.flatMap((given) => {
    const result = results[given.name];
    return Object.entries(result?.metrics ?? {}).map(([metric, comparison]) => {
      const { dock, peer, ratio, low, high, pairs } = comparison;
      const what = metric === "time" || metric === "peak" ? given.title : `${given.title}: \`${metric}\``;
      const cells = [
        what,
        given.peer,
        figure(metric, dock),
        figure(metric, peer),
        `**${ratio.toFixed(2)}** (${low.toFixed(2)}-${high.toFixed(2)})`,
        verdict(given, metric, comparison),
        `${pairs}, load ${result?.load}`,
      ];
      return `| ${cells.join(" | ")} |`;
    });
  });
  return [
    "| work | peer | dock | peer's | ratio (middle half) | aim | pairs |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ];
}

/** How each family's figures grow; only sizes that were measured. @param {readonly Case[]} cases @param {Record<string, Result>} results */
function growthTable(cases, results) {
  const families = new Set(cases.flatMap(({ family }) => family ?? []));
  const rows = [...families].flatMap((family) => {
    const members = cases.filter((given) => given.family === family && results[given.name]);
    const metrics = new Set(members.flatMap(({ name }) => Object.keys(results[name]?.metrics ?? {})));
    return [...metrics].map((metric) => {
      const points = members
        .map(({ name, size }) => ({ size: size ?? 0, value: results[name]?.metrics[metric]?.dock ?? Number.NaN }))
        .toSorted((a, b) => a.size - b.size);
      const { steps, worst } = growth(points);
      const figures = points
        .map(({ size, value }) => `${size.toLocaleString("en")}: ${figure(metric, value)}`)
        .join(", ");
      const costs = steps
        .map((step) => `${step < 0.1 ? `${(step * 1000).toFixed(0)} µs` : `${step.toFixed(2)} ms`}`)
        .join(", ");
      const says =
        worst === undefined ? "" : worst > 1.5 ? `${worst.toFixed(1)}× dearer at the end` : "linear or better";
      return `| ${family}${metric === "time" ? "" : `, ${metric}`} | ${figures} | ${costs} | ${says} |`;
    });
  });
  return ["| growth of dock | figures by size | one more costs | |", "|---|---|---|---|", ...rows];
}

/** @param {Case} given @param {string} metric @param {Comparison} comparison */
function verdict(given, metric, { ratio, dock, slow }) {
  const target = given.targets[metric];
  const limit = given.limits?.[metric];
  const worst = given.slowest?.[metric];
  const said = [
    ...(target === undefined ? [] : [`≤ ${target}: ${ratio <= target ? "met" : "**missed**"}`]),
    ...(limit === undefined ? [] : [`≤ ${figure(metric, limit)}: ${dock <= limit ? "met" : "**missed**"}`]),
    ...(worst === undefined
      ? []
      : [`p95 ${figure(metric, slow)} ≤ ${figure(metric, worst)}: ${slow <= worst ? "met" : "**missed**"}`]),
  ];
  return said.join(", ");
}

function figure(/** @type {string} */ metric, /** @type {number} */ value) {
  if (metric === "peak") return `${value.toFixed(0)} MB`;
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
}
