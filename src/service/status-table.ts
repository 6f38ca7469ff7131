/** What `weir status` shows: one job with a line for each fact, several with a line for each job. */
import type { JobStatus } from '../cluster/index.ts';
import type { Observed, Unheard } from './running-jobs.ts';

type Fact = readonly [name: string, value: string];

export function statusOfOne(observed: Observed): string {
  const { error } = observed.status;
  const facts: Fact[] = [...factsOf(observed), ['last error', error === null ? 'none' : `${error.code} ${error.message}`]];
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

export function statusOfAll(all: readonly (Observed | Unheard)[]): string {
  const heard = all.filter((each) => 'status' in each);
  const rows = heard.map((each) => factsOf(each));
  const names = rows[0]?.map(([name]) => name) ?? [];
  const table = rows.length === 0 ? [] : aligned([names, ...rows.map((facts) => facts.map(([, value]) => value))]);
  const errors = heard.flatMap(({ status: { job, error } }) =>
    error === null ? [] : [`${job}: last error ${error.code} ${error.message}`],
  );
  const unheard = all.flatMap((each) => ('status' in each ? [] : [`${each.job}: ${each.error}`]));
  return [...table, ...errors, ...unheard].join('\n');
}

function factsOf({ status, at }: Observed): Fact[] {
  const { job, state, generation, workers, spares, report, totals, watermark } = status;
  return [
    ['job', job],
    ['state', state],
    ['generation', String(generation)],
    ['epoch', String(report.epoch)],
    ['workers', spares === 0 ? String(workers) : `${workers}, ${spares} spare`],
    ['watermark', watermark === null ? 'none' : timeOf(watermark)],
    ['rows in', String(totals.rowsIn)],
    ['out', String(totals.rowsOut)],
    ['late', String(totals.rowsLate)],
    ['restarts', String(report.restarts)],
    ['last checkpoint', checkpointOf(status, at)],
  ];
}

function checkpointOf({ checkpoints }: JobStatus, at: number): string {
  const last = checkpoints.find(({ state }) => state === 'completed');
  if (last === undefined) return 'none by this coordinator';
  const age = Number.isFinite(at) ? `${(Math.max(0, at - last.triggered) / 1000).toFixed(1)} s ago` : timeOf(last.triggered);
  return `${age}, took ${last.durationMs === null ? '?' : Math.round(last.durationMs)} ms`;
}

/** The range of a Date is less than that of a number. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
