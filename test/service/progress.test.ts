import { describe, expect, test } from 'vitest';
import type { JobStatus } from '../../src/cluster/status.ts';
import { Progress, progressLine, startLine, stateLine } from '../../src/service/progress.ts';
import { stallMs, type StallState, watchStall } from '../../src/service/stall.ts';
import { FakeJob, ManualClock, RecordingTerminal, report, status, subtask } from './fake-job.ts';

const noon = Date.UTC(2001, 0, 3, 12);

describe('progress', () => {
  test('says rows in over the whole input, rows a second, watermark, epoch and state', () => {
    const now = status({ watermark: noon, report: report({ epoch: 4, position: 1000, rowsIn: 5000 }) });
    expect(progressLine(now, 3999.7)).toBe('rows in 6000 | 4000 rows/s | watermark 2001-01-03T12:00:00.000Z | epoch 4 | running');
    expect(progressLine(status(), -5)).toBe('rows in 0 | 0 rows/s | watermark none | epoch 0 | running');
  });

  test('begins by saying from where the job goes', () => {
    expect(startLine(status())).toBe('delays starts anew, parallelism 1');
    expect(startLine(status({ report: report({ restoredFrom: 7, epoch: 7, position: 12000 }) }))).toBe(
      'delays goes on from checkpoint 7 (epoch 7, position 12000), parallelism 1',
    );
  });

  test('says when the job is throttled, when no longer, and why it restarts', () => {
    expect(stateLine(status({ state: 'throttled' }), 'running')).toMatch(/^throttled: /);
    expect(stateLine(status({ state: 'throttled' }), 'throttled')).toBeUndefined();
    expect(stateLine(status({ state: 'running' }), 'throttled')).toMatch(/^no longer throttled/);
    const error = { code: 'E_CLOSURE', message: 'map threw', hint: '' };
    expect(stateLine(status({ state: 'restarting', error }), 'running')).toBe(
      'restarting from the last checkpoint after E_CLOSURE map threw',
    );
    expect(stateLine(status({ state: 'stopping' }), 'running')).toBeUndefined();
  });

  test('is one line a second until it is stopped', () => {
    const [job, clock, terminal] = [new FakeJob(), new ManualClock(), new RecordingTerminal()];
    const progress = new Progress(() => job.status(), terminal, clock);
    job.current = status({ report: report({ rowsIn: 4000 }) });
    clock.advance(2500);
    expect(terminal.lines).toEqual([
      'rows in 4000 | 4000 rows/s | watermark none | epoch 0 | running',
      'rows in 4000 | 0 rows/s | watermark none | epoch 0 | running',
    ]);
    progress.stop();
    clock.advance(5000);
    expect(terminal.lines.length).toBe(2);
  });

  test('paints over itself where it can', () => {
    const painted: string[] = [];
    const [job, clock, terminal] = [new FakeJob(), new ManualClock(), new RecordingTerminal()];
    new Progress(() => job.status(), Object.assign(terminal, { paint: (text: string) => painted.push(text) }), clock);
    clock.advance(2000);
    expect([painted.length, terminal.lines.length]).toEqual([2, 0]);
  });
});

describe('a silence', () => {
  const at = (seconds: number, rowsIn: number, rowsOut: number, before?: StallState) =>
    watchStall(
      before,
      status({
        watermark: noon,
        nextWindowEnd: noon + 43_200_000,
        heldBackBy: 'flights.jsonl',
        report: report({ rowsIn, rowsOut }),
      }),
      seconds * 1000,
    );

  test('of 10 s while rows come in is explained once, with watermark, window and split', () => {
    let { state } = at(0, 10, 1);
    const lines = Array.from({ length: 30 }, (_, i) => {
      const next = at(i + 1, 10 + i, 1, state);
      state = next.state;
      return next.line;
    }).filter((line) => line !== undefined);
    expect(lines).toEqual([
      `nothing was written for ${stallMs / 1000} s while rows come in: the watermark is at 2001-01-03T12:00:00.000Z, the next window ends at 2001-01-04T00:00:00.000Z, the split flights.jsonl holds the watermark back`,
    ]);
  });

  test('needs no words while nothing comes in', () => {
    const { state } = at(0, 10, 1);
    expect(at(60, 10, 1, state).line).toBeUndefined();
  });

  test('ends with the next row written, and a new one is explained again', () => {
    let { state } = at(0, 10, 1);
    ({ state } = at(11, 20, 1, state));
    ({ state } = at(12, 30, 2, state));
    ({ state } = at(13, 40, 2, state));
    expect(at(21, 40, 2, state).line).toBeUndefined();
    expect(at(23, 41, 2, state).line).toMatch(/^nothing was written for 10 s/);
  });

  test('SV3: begins with a row, not with the last one written', () => {
    let { state } = at(0, 10, 1);
    ({ state } = at(1, 15, 2, state));
    ({ state } = at(60, 15, 2, state));
    expect(at(61, 20, 2, state).line).toBeUndefined();
    ({ state } = at(61, 20, 2, state));
    expect(at(71, 30, 2, state).line).toMatch(/^nothing was written for 10 s/);
  });

  const told = (fields: Partial<JobStatus>): string | undefined => {
    const { state } = watchStall(undefined, status({ ...fields, report: report({ rowsIn: 1 }) }), 0);
    return watchStall(state, status({ ...fields, report: report({ rowsIn: 5 }) }), stallMs).line;
  };

  test('of a job without a watermark blames none', () => {
    const splits = [{ split: '0', state: 'active', records: 5, watermark: null }] as const;
    expect(told({ heldBackBy: '0', subtasks: [subtask({ splits })] })).toBe(
      'nothing was written for 10 s while rows come in: no watermark holds them back, so its functions give no rows, or `every` has not passed',
    );
  });

  test('names the source, too, where several have splits', () => {
    const source = (name: string, watermark: number) =>
      subtask({ operators: [name, 'watermark'], splits: [{ split: '0', state: 'active', records: 5, watermark }] });
    const subtasks = [source('fast', noon + 1), source('slow', noon), subtask({ operators: ['window'] })];
    expect(told({ heldBackBy: '0', watermark: noon, subtasks })).toMatch(/, no window is open, the split 0 of slow holds/);
  });
});
