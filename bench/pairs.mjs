// Two programs in turn, A B, B A, A B …: whatever the machine does besides meets both.

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** The value below which such a share of them lies (1: the greatest); NaN of none. */
export const at = (values, share) => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
};

/** Runs them one after the other, in the other order each round. @returns what each round gave, by name */
export async function rounds(count, programs, say = () => {}) {
  const names = Object.keys(programs);
  const results = [];
  for (let round = 0; round < count; round++) {
    const result = {};
    for (const name of round % 2 === 0 ? names : names.toReversed()) result[name] = await programs[name](round);
    results.push(result);
    say(round, result);
  }
  return results;
}

/** Of a figure that each round has of both: the medians, and the median, least and greatest of what the rounds give as A by B. */
export function ratio(results, a, b, figure) {
  const of = (name) => results.map((result) => figure(result[name]));
  const ratios = results.map((result) => figure(result[a]) / figure(result[b]));
  return {
    [a]: median(of(a)),
    [b]: median(of(b)),
    ratio: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios),
  };
}

/** `work` is without the start of the program: since its first word. */
const costs = {
  'CPU time': ({ cpuMs }) => cpuMs,
  'wall time': ({ wallMs }) => wallMs,
  'CPU time of the work': ({ cpuMs, startCpuMs }) => cpuMs - startCpuMs,
  'wall time of the work': ({ wallMs, startWallMs }) => wallMs - startWallMs,
};
export const costRatios = (results, a, b) =>
  Object.entries(costs).map(([what, figure]) => ({ what: `${what}, ${a} / ${b}`, unit: 'ms', ...ratio(results, a, b, figure) }));

const seconds = (ms) => (ms / 1000).toFixed(2);
export const costLine = ({ cpuMs, wallMs }) => `${seconds(cpuMs)} s CPU in ${seconds(wallMs)} s`;
