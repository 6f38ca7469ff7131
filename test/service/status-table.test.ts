import { describe, expect, test } from 'vitest';
import { statusOfAll, statusOfOne } from '../../src/service/status-table.ts';
import { report, status } from './fake-job.ts';

const totals = { rowsIn: 1200, rowsOut: 34, rowsLate: 5, deadLetters: 0, duplicates: 0, checkpoints: 12, restores: 1 };
const busy = status({
  generation: 3,
  workers: 3,
  spares: 1,
  totals,
  report: report({ epoch: 12, restarts: 1 }),
  watermark: 1_000_000_000_000,
  checkpoints: [
    { epoch: 13, state: 'in progress', triggered: 5900, durationMs: null, bytes: 0 },
    { epoch: 12, state: 'completed', triggered: 4500, durationMs: 21.4, bytes: 9 },
  ],
  error: { code: 'E_CHANNEL', message: 'worker a was lost', hint: '' },
});

describe('what people see of a job', () => {
  test('is a line for each fact', () => {
    expect(statusOfOne({ at: 6000, status: busy }).split('\n')).toEqual([
      'job              delays',
      'state            running',
      'generation       3',
      'epoch            12',
      'workers          3, 1 spare',
      'watermark        2001-09-09T01:46:40.000Z',
      'rows in          1200',
      'out              34',
      'late             5',
      'restarts         1',
      'last checkpoint  1.5 s ago, took 21 ms',
      'last error       E_CHANNEL worker a was lost',
    ]);
  });

  test('says what is not there yet, and a watermark that is no date', () => {
    const lines = statusOfOne({ at: Number.NaN, status: status({ watermark: 9e18 }) });
    expect(lines).toMatch(/^watermark +9000000000000000000$/m);
    expect(lines).toMatch(/^last checkpoint +none by this coordinator$/m);
    expect(lines).toMatch(/^last error +none$/m);
  });

  test('of several is a line for each, then their errors, then those that say nothing', () => {
    const lines = statusOfAll([
      { at: 6000, status: busy },
      { at: 6000, status: status({ job: 'words', watermark: null }) },
      { job: 'mute', error: 'it does not answer' },
    ]).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['job', 'state', 'generation', 'epoch', 'workers', 'watermark', 'rows in', 'out', 'late', 'restarts', 'last checkpoint'],
      ['delays', 'running', '3', '12', '3, 1 spare', '2001-09-09T01:46:40.000Z', '1200', '34', '5', '1', '1.5 s ago, took 21 ms'],
      ['words', 'running', '1', '0', '1', 'none', '0', '0', '0', '0', 'none by this coordinator'],
      ['delays: last error E_CHANNEL worker a was lost'],
      ['mute: it does not answer'],
    ]);
    expect(lines[0]!.indexOf('epoch')).toBe(lines[2]!.indexOf('0  '));
  });
});
