/** Each peer as its users would set it up; some in two ways, where it depends on the query which is better. */
export const contestants = {
  hand: { peer: 'hand' },
  'hand-each': { peer: 'hand', updates: 'each', only: ({ key, added }) => key !== undefined && added === undefined },
  duckdb: { peer: 'duckdb' },
  flink: { peer: 'flink' },
  'flink-mini-batch': { peer: 'flink', miniBatch: true, only: ({ key }) => key !== undefined },
  spark: { peer: 'spark' },
  'spark-rocksdb': { peer: 'spark', rocksdb: true, only: ({ key, windowed }) => key !== undefined || windowed === true },
};

/** Weir: with two workers over NATS, in one process, with two threads. */
const ownForms = ['weir', 'weir-one', 'weir-threads'];

/** @returns those of these names, or an error that says which there are; the loop by hand is also called `node` */
export function contestantsNamed(names) {
  return names.flatMap((name) => {
    if (name === 'node') return ['hand', 'hand-each'];
    if (ownForms.includes(name) || Object.hasOwn(contestants, name)) return [name];
    throw new Error(`there is no peer '${name}': ${[...ownForms.slice(1), 'node', ...Object.keys(contestants)].join(', ')}`);
  });
}
