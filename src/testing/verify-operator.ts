/**
 * Runs an operator over given input in every way in which a job might, and holds the results equal.
 *
 * Owns: the combinations: batches as given and row by row × restored at every barrier, at every other, never × an outbox
 * that takes everything, or refuses every other time. After the idea of Hazelcast Jet's `TestSupport`.
 */
import assert from 'node:assert/strict';
import { generation } from '../core/index.ts';
import type { Operator } from '../operators/index.ts';
import { MemoryDisk, openMemoryStores } from '../state/index.ts';
import {
  type EmittedRow,
  OperatorRun,
  type OperatorSnapshot,
  type RunOptions,
  type TestItem,
  testBarrier,
} from './operator-run.ts';
import { VirtualClock } from './virtual-clock.ts';

/** One life of an operator and of the world around it. */
export interface Subject {
  /** Called again at each restore. */
  readonly make: () => Operator;
  /** Of a sink: what can be seen of it. Otherwise the emitted rows are compared. */
  readonly seen?: () => readonly object[];
}

export interface VerifyOptions {
  readonly subject: () => Subject;
  readonly input: readonly TestItem[];
  /** By port. Without it the combinations are only held equal to each other. */
  readonly output?: Readonly<Record<string, readonly object[]>>;
  /** Rows of one port may come in any order. */
  readonly anyOrder?: boolean;
  /** Stamps are part of the result. */
  readonly stamps?: boolean;
  /** A barrier after every batch and watermark too: for operators that a barrier makes emit nothing. */
  readonly barriersEverywhere?: boolean;
  readonly guarded?: boolean;
}

export interface Verified {
  readonly rows: readonly EmittedRow[];
  readonly late: number;
  readonly duplicates: number;
  readonly dead: readonly { readonly position: string; readonly error: string; readonly text: string }[];
}

const batchSizes = ['full', 'one'] as const;
const restores = ['never', 'every', 'every other'] as const;

interface Way {
  readonly batches: (typeof batchSizes)[number];
  readonly restore: (typeof restores)[number];
  readonly refuses: boolean;
}

/** Resolves with the result that all runs have; rejects with the first difference and the way in which it came about. */
export async function verifyOperator(options: VerifyOptions): Promise<Verified> {
  let first: Verified | undefined;
  for (const way of ways()) {
    const result = await runOnce(options, way);
    const where = `batches: ${way.batches}, restored: ${way.restore}, outbox: ${way.refuses ? 'refuses' : 'takes all'}`;
    first ??= result;
    same(byPort(result.rows, options), byPort(first.rows, options), `${where}: another result than the first run`);
    same(
      [result.late, result.duplicates, result.dead],
      [first.late, first.duplicates, first.dead],
      `${where}: other late rows, duplicates or dead letters`,
    );
    if (options.output !== undefined) same(rowsByPort(result.rows, options), expected(options), where);
  }
  return first!;
}

function* ways(): Generator<Way> {
  for (const batches of batchSizes)
    for (const restore of restores) for (const refuses of [false, true]) yield { batches, restore, refuses };
}

async function runOnce(options: VerifyOptions, way: Way): Promise<Verified> {
  const subject = options.subject();
  const blobs = openMemoryStores(new MemoryDisk()).blobs;
  const runOptions: RunOptions = {
    make: subject.make,
    blobs,
    clock: new VirtualClock(),
    guarded: options.guarded ?? false,
    refuses: way.refuses,
  };
  const lives = [new OperatorRun(runOptions)];
  let barriers = 0;
  for (const item of itemsOf(options, way)) {
    const run = lives.at(-1)!;
    if (item.kind !== 'barrier') {
      await run.feed(item);
      continue;
    }
    barriers++;
    const snapshot = await run.barrier(testBarrier(barriers, item.due, item.last));
    if (restoresAt(way, barriers)) lives.push(await restart(run, runOptions, snapshot));
    await lives.at(-1)!.operator.commit?.({ epoch: snapshot.epoch, generation: generation(1) });
  }
  await lives.at(-1)!.operator.close?.();
  const emitted = lives.flatMap((run) => run.emitted);
  return {
    rows: subject.seen === undefined ? emitted : subject.seen().map((row) => ({ port: 'main', kind: 0, stamp: 0, row })),
    late: lives.reduce((sum, run) => sum + run.counters.late, 0),
    duplicates: lives.reduce((sum, run) => sum + run.counters.duplicates, 0),
    dead: lives
      .flatMap((run) => run.dead)
      .map(({ position, error, bytes }) => ({ position, error, text: new TextDecoder().decode(bytes) })),
  };
}

async function restart(run: OperatorRun, options: RunOptions, snapshot: OperatorSnapshot): Promise<OperatorRun> {
  await run.operator.close?.();
  return OperatorRun.restored({ ...options, epochTime: testBarrier(snapshot.epoch).time }, [snapshot]);
}

const restoresAt = ({ restore }: Way, barrier: number): boolean =>
  restore === 'every' || (restore === 'every other' && barrier % 2 === 0);

function* itemsOf({ input, barriersEverywhere }: VerifyOptions, { batches }: Way): Generator<TestItem> {
  for (const item of input) {
    for (const piece of pieces(item, batches)) {
      yield piece;
      if (barriersEverywhere === true && piece.kind !== 'barrier') yield { kind: 'barrier' };
    }
  }
}

function* pieces(item: TestItem, size: Way['batches']): Generator<TestItem> {
  if (item.kind !== 'rows' || size === 'full') return yield item;
  for (let i = 0; i < item.batch.length; i++) yield { ...item, batch: item.batch.slice(i, i + 1) };
}

// ── comparison

function byPort(rows: readonly EmittedRow[], { anyOrder, stamps }: VerifyOptions): Record<string, unknown[]> {
  const ports: Record<string, unknown[]> = {};
  for (const { port, kind, stamp, row } of rows) (ports[port] ??= []).push({ kind, row, ...(stamps === true ? { stamp } : {}) });
  if (anyOrder === true) for (const port of Object.keys(ports)) ports[port] = sorted(ports[port]!);
  return ports;
}

function rowsByPort(rows: readonly EmittedRow[], { anyOrder }: VerifyOptions): Record<string, unknown[]> {
  const ports: Record<string, unknown[]> = {};
  for (const { port, row } of rows) (ports[port] ??= []).push(row);
  if (anyOrder === true) for (const port of Object.keys(ports)) ports[port] = sorted(ports[port]!);
  return ports;
}

function expected({ output, anyOrder }: VerifyOptions): Record<string, unknown[]> {
  const ports = Object.entries(output!).filter(([, rows]) => rows.length > 0);
  return Object.fromEntries(ports.map(([port, rows]) => [port, anyOrder === true ? sorted(rows) : [...rows]]));
}

function sorted(rows: readonly unknown[]): unknown[] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function same(actual: unknown, wanted: unknown, where: string): void {
  try {
    assert.deepStrictEqual(actual, wanted);
  } catch (error) {
    throw new Error(`verifyOperator: ${where}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
