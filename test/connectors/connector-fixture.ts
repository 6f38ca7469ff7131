// What connectors are given, and the places they read and write: real folders, real sockets, a clock that stands still.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { batchOf, type Batch, anySchema, packValue, unpackValue } from '../../src/batch/index.ts';
import { type Clock, epoch, type Epoch, generation, type Logger, silentLogger, type Timer } from '../../src/core/index.ts';
import type { CommitPermit, DeadRecord, Piece, SinkContext, SourceContext, SourceDefinition } from '../../src/operators/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A folder that goes with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'weir-connectors-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface SourceSurroundings {
  readonly disk?: MemoryDisk;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
  readonly batchRowsMax?: number;
}

export function sourceContext({
  disk = new MemoryDisk(),
  clock = new VirtualClock(),
  logger = silentLogger,
  signal = new AbortController().signal,
  batchRowsMax = 1024,
}: SourceSurroundings = {}): SourceContext {
  return { job: 'test', operator: 'source~1', signal, clock, logger, journal: openMemoryStores(disk).journal, batchRowsMax };
}

export function sinkContext(overrides: Partial<SinkContext> = {}): SinkContext {
  return {
    job: 'test',
    operator: 'sink~1',
    subtask: 0,
    parallelism: 1,
    generation: 1,
    incarnation: 'life',
    restoredEpoch: overrides.fresh === false ? Number.MAX_SAFE_INTEGER : 0,
    fresh: true,
    mode: 'append',
    signal: new AbortController().signal,
    clock: new VirtualClock(),
    logger: silentLogger,
    ...overrides,
  };
}

export const permit = (n: number, attempt = 1): CommitPermit => ({ epoch: epoch(n), generation: generation(attempt) });
export const epochs = (n: number): Epoch => epoch(n);

/** As a checkpoint keeps it. */
export function kept<T>(value: T): T {
  return unpackValue(packValue(value)) as T;
}

export function rowsOf(batch: Batch | null): object[] {
  return batch === null ? [] : Array.from({ length: batch.length }, (_, i) => batch.row(i));
}

export const batch = (...rows: readonly object[]): Batch => batchOf(anySchema, rows);

/** A record as a source gave it: its position, and the row or the dead record. */
export interface Outcome {
  readonly position: string;
  readonly row?: object;
  readonly dead?: string;
}

export function outcomes(piece: Piece): Outcome[] {
  const rows: Outcome[] = rowsOf(piece.batch).map((row, i) => ({ position: piece.batch!.position(i), row }));
  const dead: Outcome[] = piece.dead.map((record: DeadRecord) => ({
    position: record.position,
    dead: Buffer.from(record.bytes).toString(),
  }));
  return [...rows, ...dead].sort((a, b) => ordinal(a) - ordinal(b));
}

const ordinal = ({ position }: Outcome): number => Number(position.slice(position.lastIndexOf('#') + 1));

export interface ReadPiece {
  readonly piece: Piece;
  /** Records up to and with this piece. */
  readonly records: number;
}

/** Reads on from a position: to the end, or until this many records were read. */
export async function readPieces(
  source: SourceDefinition,
  split: string,
  context: SourceContext,
  from?: ReadPiece,
  recordsMax = Number.POSITIVE_INFINITY,
): Promise<ReadPiece[]> {
  const start = from?.records ?? 0;
  const reader = await source.open(split, from === undefined ? undefined : kept(from.piece.position), start, context);
  const pieces: ReadPiece[] = [];
  let records = start;
  try {
    while (records < recordsMax) {
      const piece = await reader.read();
      if (piece === null) break;
      records += piece.records;
      pieces.push({ piece, records });
    }
  } finally {
    await reader.close();
  }
  return pieces;
}

/** All rows of all splits, in order. */
export async function readRows(source: SourceDefinition, context: SourceContext = sourceContext()): Promise<object[]> {
  const rows: object[] = [];
  for (const split of await source.splits(context))
    for (const { piece } of await readPieces(source, split, context)) rows.push(...rowsOf(piece.batch));
  return rows;
}

/** A clock that stands still, and knows whether somebody waits for it. */
export class WatchedClock extends VirtualClock {
  waiting = 0;

  override setTimer(delayMs: number, fn: () => void): Timer {
    this.waiting++;
    let over = false;
    const end = (): void => {
      if (!over) this.waiting--;
      over = true;
    };
    const timer = super.setTimer(delayMs, () => {
      end();
      fn();
    });
    return {
      cancel() {
        end();
        timer.cancel();
      },
    };
  }
}

/** So many turns of the event loop: what is due now has happened after them. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Turns of the event loop, until this is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Moves the clock in small steps, whenever somebody waits for it, until the promise is settled. */
export async function whileTimePasses<T>(clock: WatchedClock, promise: Promise<T>, stepMs = 10): Promise<T> {
  let settled = false;
  const settle = (): void => void (settled = true);
  promise.then(settle, settle);
  while (!settled) {
    await until(() => settled || clock.waiting > 0);
    if (!settled) clock.advance(stepMs);
  }
  return promise;
}
