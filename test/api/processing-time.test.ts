/** Timers in processing time and state that lasts for a time, as a job's tests see them. */
import { describe, expect, test } from 'vitest';
import { asSink, type Output } from '../../src/api/index.ts';
import { from, schema, state, t, timestamp } from '../../src/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { testRun, testSource } from '../../src/testing/index.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';

const Seen = schema({ id: t.string });
const Said = schema({ id: t.string, what: t.string, after: t.number });
const begun = 946_684_800_000;

const silence = () => {
  const source = testSource(Seen);
  const notices = from(source)
    .keyBy('id')
    .process({
      state: { deadline: state.value(t.timestamp), recent: state.list(t.timestamp, { ttl: '1 minute' }) },
      emits: Said,
      onRow(_, { state: { deadline, recent }, now, key, emit, setProcessingTimer, deleteProcessingTimer }) {
        const before = deadline.get();
        if (before !== undefined) deleteProcessingTimer(before);
        const next = timestamp(now + 600_000);
        deadline.set(next);
        recent.push(now);
        setProcessingTimer(next);
        emit({ id: key, what: `seen ${recent.length} times in a minute`, after: now - begun });
      },
      onProcessingTimer: (at, { key, now, emit }) => emit({ id: key, what: `silent, said ${now - at} late`, after: at - begun }),
    });
  return { source, notices };
};

describe('processing time in a test', () => {
  test('goes by as the clock is moved, each timer at its time', async () => {
    const { source, notices } = silence();
    await using run = await testRun(notices);
    source.push({ id: 'a' });
    await run.drain();
    await run.advance('30 seconds');
    source.push({ id: 'a' }, { id: 'b' });
    await run.advance('1 minute');
    source.push({ id: 'b' });
    expect(await run.drain()).toEqual([
      { id: 'a', what: 'seen 2 times in a minute', after: 30_000 },
      { id: 'b', what: 'seen 1 times in a minute', after: 30_000 },
      { id: 'b', what: 'seen 1 times in a minute', after: 90_000 },
    ]);
    await run.advance('1 hour');
    expect(await run.drain()).toEqual([
      { id: 'a', what: 'silent, said 0 late', after: 630_000 },
      { id: 'b', what: 'silent, said 0 late', after: 690_000 },
    ]);
  });

  test('what fell due while the job was down fires when it is up again, once, at any parallelism', async () => {
    const { source, notices } = silence();
    const rows = new CommittedRows();
    const output = (notices as unknown as { to(sink: unknown): Output }).to(asSink(rows.definition));
    await using run = new StreamRun({ output, rows });
    await run.start();
    source.push({ id: 'a' }, { id: 'b' });
    expect(await run.drain()).toHaveLength(2);
    await run.advance(590_000);
    source.push({ id: 'b' });
    expect(await run.drain()).toHaveLength(1);
    await run.kill();
    run.clock.advance(20_000);
    await run.start(3);
    const expected = [{ id: 'a', what: 'silent, said 10000 late', after: 600_000 }];
    await run.settle();
    await run.crash(2);
    expect(await run.drain()).toEqual(expected);
    await run.crash(1);
    expect(await run.drain()).toEqual([]);
    await run.advance(1_000_000);
    expect(await run.drain()).toEqual([{ id: 'b', what: 'silent, said 0 late', after: 1_190_000 }]);
  });
});
