/** The middle value; the mean of the two middle ones where their number is even. */
export function median(/** @type {readonly number[]} */ values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * @typedef {{ dock: number[], peer: number[] }} Pairs what was measured of both sides, pair by pair
 * @typedef {{ dock: number, peer: number, ratio: number, low: number, high: number, slow: number, pairs: number }} Comparison
 *   medians of both sides; `slow`: what 19 of 20 of dock's stay within; of dock divided by peer in each pair the median and the middle half (`low` to `high`)
 */

/** What pairs say. Ratios are taken pair by pair, so that a machine that is busier for a while disturbs them little. */
export function compare(/** @type {Pairs} */ { dock, peer }) {
  const ratios = dock.map((value, index) => value / (peer[index] ?? Number.NaN)).toSorted((a, b) => a - b);
  const quarter = (ratios.length - 1) / 4;
  return {
    dock: median(dock),
    peer: median(peer),
    ratio: median(ratios),
    low: ratios[Math.floor(quarter)] ?? Number.NaN,
    high: ratios[Math.ceil(ratios.length - 1 - quarter)] ?? Number.NaN,
    slow: dock.toSorted((a, b) => a - b)[Math.ceil(dock.length * 0.95) - 1] ?? Number.NaN,
    pairs: ratios.length,
  };
}

/**
 * How a figure grows with size: the cost of one more between neighbouring sizes. `worst` is by how much the dearest of
 * these is dearer than the first: about 1 is linear growth.
 *
 * @param {readonly { size: number, value: number }[]} points smallest first
 */
export function growth(points) {
  const steps = points.slice(1).map((point, index) => {
    const before = points[index] ?? point;
    return (point.value - before.value) / (point.size - before.size);
  });
  const first = steps[0] ?? Number.NaN;
  return { steps, worst: steps.length < 2 ? undefined : Math.max(...steps.slice(1)) / first };
}
