import { describe, expect, test } from 'vitest';
import { WeirError } from '../../src/core/index.ts';
import type { JobState } from '../../src/cluster/status.ts';
import { blockers, runJob } from '../../src/service/run-job.ts';
import type { StopSignal } from '../../src/service/shutdown.ts';
import { FakeJob, ManualClock, RecordingTerminal, report, subtask } from './fake-job.ts';

function run(job: FakeJob, { ownsStdout = false } = {}) {
  const [terminal, clock] = [new RecordingTerminal(), new ManualClock()];
  let signal: (signal: StopSignal) => void = () => {};
  const requested = new Promise<StopSignal>((resolve) => {
    signal = resolve;
  });
  let finishedCalls = 0;
  const afterwards = (): void => {
    finishedCalls++;
    terminal.line('the result');
  };
  const code = runJob(
    job,
    { shutdownTimeout: 25 },
    { terminal, clock, shutdown: { requested, ignore() {} }, ownsStdout, afterwards },
  );
  return { terminal, clock, code, signal: (name: StopSignal) => signal(name), finishedCalls: () => finishedCalls };
}

describe('the run of a job', () => {
  test('SV2: ends with the report as one line of JSON, its fields in order, after the result', async () => {
    const job = new FakeJob();
    const { terminal, code } = run(job);
    job.end('finished', { epoch: 5, rowsIn: 20_000, rowsOut: 6900, rowsLate: 26 });
    expect(await code).toBe(0);
    expect(terminal.lines).toEqual([
      'delays starts anew, parallelism 1',
      'the result',
      '{"job":"delays","epoch":5,"restoredFrom":null,"position":0,"rowsIn":20000,"rowsOut":6900,"rowsLate":26,"deadLetters":0,"restarts":0}',
    ]);
  });

  test('says that the job has finished before, and does nothing', async () => {
    const job = new FakeJob({ state: 'finished', report: report({ epoch: 5, restoredFrom: 5, position: 20_000 }) });
    const { terminal, code, finishedCalls } = run(job);
    expect(await code).toBe(0);
    expect(terminal.lines[0]).toBe('delays has finished before, at checkpoint 5: nothing is left to do; --fresh starts it anew');
    expect(terminal.lines.length).toBe(2);
    expect(finishedCalls()).toBe(0);
  });

  test('stops on a signal, says where, and exits 0 without the result', async () => {
    const job = new FakeJob({ report: report({ epoch: 3 }) });
    const { terminal, code, signal, finishedCalls } = run(job);
    signal('SIGTERM');
    expect(await code).toBe(0);
    expect(terminal.lines.slice(1, -1)).toEqual([
      'SIGTERM: stopping with a final checkpoint, within 25 s; a second signal ends at once',
      'delays stopped at checkpoint 3; started again it goes on from there',
    ]);
    expect(finishedCalls()).toBe(0);
  });

  test('a stop that waits for a sink to publish says of which checkpoint', () => {
    const checkpoints = [{ epoch: 3, state: 'completed', triggered: 0, durationMs: 5, bytes: 0 }] as const;
    const waits = (state: JobState): string => blockers(new FakeJob({ state, checkpoints }));
    expect(waits('running')).toBe('it is running; the sinks have not published all of checkpoint 3');
    expect(waits('stopping')).toBe('it is stopping');
  });

  test('SV2: a stop that takes too long fails and says what it waits for, and the report still comes last', async () => {
    const job = new FakeJob({
      state: 'stopping',
      subtasks: [subtask({ stage: 'sink', subtask: 1, state: 'draining' }), subtask({ state: 'stopped' })],
      checkpoints: [{ epoch: 9, state: 'in progress', triggered: 0, durationMs: null, bytes: 0 }],
    });
    job.stops = false;
    const { terminal, clock, code, signal } = run(job);
    signal('SIGINT');
    await Promise.resolve().then(() => {});
    await Promise.resolve().then(() => {});
    clock.advance(25_000);
    await expect(code).rejects.toMatchObject({
      code: 'E_STUCK',
      exitCode: 1,
      message: 'the job did not stop within 25 s: it is stopping; checkpoint 9 is not complete; not ended: sink/1 (draining)',
    });
    expect(JSON.parse(terminal.lines.at(-1)!)).toMatchObject({ job: 'delays' });
  });

  test('SV2: a job that fails throws what it failed of, after its report', async () => {
    const job = new FakeJob();
    const { terminal, code } = run(job);
    job.fail(new WeirError('E_RECORD', 'line 7 is no JSON'));
    await expect(code).rejects.toMatchObject({ code: 'E_RECORD' });
    expect(JSON.parse(terminal.lines.at(-1)!)).toMatchObject({ job: 'delays' });
  });

  test('leaves stdout to a job that writes its results there', async () => {
    const job = new FakeJob();
    const { terminal, clock, code } = run(job, { ownsStdout: true });
    clock.advance(1000);
    job.end('finished');
    await code;
    expect(terminal.notes).toEqual(['rows in 0 | 0 rows/s | watermark none | epoch 0 | running']);
    expect(terminal.lines.some((line) => line.startsWith('rows in'))).toBe(false);
  });
});
