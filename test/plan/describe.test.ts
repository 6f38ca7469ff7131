import { expect, test } from 'vitest';
import { describePlan, planJob } from '../../src/plan/index.ts';
import { job, keyed, map, sink, source, watermark, windowed } from './nodes.ts';

test('the text of a plan says stages, state, routes, guarantees and warnings', () => {
  const timed = watermark(source('flights.csv', { name: 'flights', bounded: true }), { name: 'times', site: 'job.ts:3' });
  const result = windowed(timed, ['k'], { name: 'per-minute', site: 'job.ts:4' });
  const plan = planJob(
    job([sink(map(result), 'update', { name: 'result', single: true, everyMs: 5000, guarantee: 'at-least-once' })], {
      name: 'delays',
    }),
  );
  expect(describePlan(plan).replace(plan.fingerprint, 'F')).toBe(`job delays
  parallelism 2, 128 key groups, a checkpoint every 10 seconds, plan F
  restarts: at most 10 within 10 minutes, first after 1 second

stage 0 × 2
  flights  flights
      state: positions in file flights.csv
      main → times
  times  times  (job.ts:3)
      state: latest ts
      main → combine
  combine  combine  (job.ts:4)
      main → edge 0

stage 1 × 2
  ← stage 0, hash(k), append
  per-minute  per-minute  (job.ts:4)
      state: window 1 minute over ts; keys k; n = count()
      update@5000 → map
  map  map
      main → edge 1

stage 2 × 1
  ← stage 1, rebalance, upsert
  result  result
      state: staged results of file out, mode update

guarantees
  flights: flights.csv exactly-once, bounded
  result: out at-least-once, mode update at most every 5 seconds

warnings
  sink out is at-least-once: after a crash some rows may be written again
  no \`deadLetters\` sink: a row that a function or a format cannot take fails the job
`);
});

test('the text of a plan names the key of a hash edge, or says that a function makes it', () => {
  const text = (key: Parameters<typeof keyed>[1]): string => describePlan(planJob(job([sink(keyed(source(), key))])));
  expect(text({ key: { column: 'k' } })).toContain('← stage 0, hash(k), append');
  expect(text({ key: { fn: () => 1, site: 'job.ts:1' } })).toContain('← stage 0, hash(a function), append');
});
