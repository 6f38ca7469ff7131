/** What an operator holds after so many rows. */
import { ByteWriter } from '../../src/batch/index.ts';
import type { Operator, OperatorContext } from '../../src/operators/index.ts';
import { openMemoryStores, type RankedRows, type RowLog, type StateTable, type ValueCodec } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { rowsItem, watermark } from '../operators/operator-fixture.ts';
import type { Bounded } from './operators.ts';

export interface Held {
  readonly rows: number;
  readonly entries: number;
  /** Of keys and values, as a snapshot has them. */
  readonly bytes: number;
}
interface Watched {
  readonly table: StateTable<unknown>;
  readonly codec: ValueCodec<unknown>;
}
/** What an operator keeps. */
interface Kept {
  readonly tables: Watched[];
  readonly logs: RowLog[];
  readonly ranked: RankedRows[];
}

const perBatch = 500;
const perEpoch = 5000;
/** Between two rows, and of the watermark behind them. */
const stepMs = 10;
const delayMs = 200;

const asTheyAre: NonNullable<Bounded['feed']> = (rows) => [rowsItem(rows)];

/** Held at each of these numbers of rows, in rising order. */
export async function held({ make, key, feed = asTheyAre }: Bounded, at: readonly number[]): Promise<readonly Held[]> {
  const tables: Watched[] = [];
  const logs: RowLog[] = [];
  const ranked: RankedRows[] = [];
  const { blobs } = openMemoryStores();
  const run = new OperatorRun({ make: () => watched(make(), { tables, logs, ranked }), blobs, clock: new VirtualClock() });
  const found: Held[] = [];
  for (let n = 0; n < at.at(-1)!; n += perBatch) {
    const rows = Array.from({ length: perBatch }, (_, i) => n + i).map((i) => ({
      key: key(i),
      // Some come a little late, never by more than the delay.
      at: i * stepMs - (i % 7 === 0 ? delayMs / 2 : 0),
      value: 1,
      stamp: i * stepMs - stepMs - delayMs,
    }));
    for (const item of feed(rows)) await run.feed(item);
    await run.feed(watermark((n + perBatch - 1) * stepMs - delayMs));
    if ((n + perBatch) % perEpoch === 0) await run.barrier(testBarrier((n + perBatch) / perEpoch));
    run.emitted.length = 0;
    if (at.includes(n + perBatch))
      found.push({
        rows: n + perBatch,
        entries: run.stateRows,
        bytes: bytesOf(tables) + bytesOfRows(logs) + bytesOfRanked(ranked),
      });
  }
  return found;
}

/** How much more is held at the end: 1 = no more. */
export function growth([first, last]: readonly Held[]): number {
  const of = (what: 'entries' | 'bytes'): number => (last![what] + 1) / (first![what] + 1);
  return Math.max(of('entries'), of('bytes'));
}

function watched(operator: Operator, { tables, logs, ranked }: Kept): Operator {
  const open = operator.open?.bind(operator);
  operator.open = (context: OperatorContext) =>
    open?.({
      ...context,
      table: (name, codec) => {
        const table = context.table(name, codec);
        tables.push({ table: table as StateTable<unknown>, codec: codec as ValueCodec<unknown> });
        return table;
      },
      log: (name, id) => {
        const log = context.log(name, id);
        logs.push(log);
        return log;
      },
      ranked: (name, id, order) => {
        const rows = context.ranked(name, id, order);
        ranked.push(rows);
        return rows;
      },
    });
  return operator;
}

function bytesOf(tables: readonly Watched[]): number {
  let bytes = 0;
  const out = new ByteWriter();
  for (const { table, codec } of tables) {
    for (const namespace of table.namespaces()) {
      for (const { key, value } of table.entries(namespace)) {
        out.reset();
        codec.write(out, value);
        bytes += key.length + out.finish().length;
      }
    }
  }
  return bytes;
}

function bytesOfRows(logs: readonly RowLog[]): number {
  let bytes = 0;
  for (const log of logs) {
    for (const namespace of log.namespaces()) {
      const space = log.space(namespace)!;
      for (const row of space.rows()) bytes += space.keyOf(row).length + space.endOf(row) - space.bytesOf(row);
    }
  }
  return bytes;
}

/** All that they have taken: what others have taken the places of is used again. */
function bytesOfRanked(tables: readonly RankedRows[]): number {
  let bytes = 0;
  for (const table of tables) for (const namespace of table.namespaces()) bytes += table.space(namespace)!.bytes;
  return bytes;
}
