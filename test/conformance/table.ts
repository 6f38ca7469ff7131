/**
 * A case of kind `table`: its inputs are read to their end, row after row, and what the sink then holds must be the table.
 *
 * Owns: the life of the query (pieces with a checkpoint behind each, kills, the end), and what the table is: each row that was written,
 * or the last of each key, or the last whole result. Watermarks rise as they do in production.
 */
import { createHash } from 'node:crypto';
import { foreachBatch } from '../../src/connectors/index.ts';
import { from, type Output, type Stream } from '../../src/index.ts';
import { outputNode } from '../../src/api/index.ts';
import { type AggregateNode, inputsOf, type LogicalNode, type OutputMode, type SinkNode } from '../../src/plan/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { testSource, type TestSource } from '../../src/testing/index.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';
import type { Defined, Definition, Way } from './query.ts';
import { Differs } from './script.ts';
import type { TableCase } from './table-case.ts';
import { canonical, difference, schemaOfRows, valuesOf } from './values.ts';

const pieces = 5;

/** @throws Differs if the table is another; Error for what cannot be done */
export async function liveTable(of: TableCase, define: Definition, { parallelism, killedAt = [] }: Way): Promise<void> {
  const inputs = of.inputs();
  const sources = inputs.map((input) => testSource(schemaOfRows(input)) as TestSource<unknown, object>);
  const streams = Object.fromEntries(inputs.map(({ name }, i) => [name, from(sources[i]!) as Stream<any>]));
  const defined = define(streams);
  const { stream, mode = of.mode, key }: Defined = 'stream' in defined ? defined : { stream: defined };
  const table = new Table(mode);
  const sink = foreachBatch<object>(async (rows, epoch, { deleted }) => table.put(rows, epoch, deleted));
  const output = (stream as unknown as { to(sink: unknown, options: unknown): Output }).to(sink, { mode });
  const node = outputNode(output);
  if (mode === 'update') table.key = key ?? of.key ?? keyOf(node, of);
  await using run = new StreamRun({ output, rows: new CommittedRows(), parallelism });
  let kills = 0;
  const killed = async (): Promise<void> => {
    if (killedAt.length > 0) await run.crash(killedAt[kills++ % killedAt.length]!);
  };
  await run.start();
  for (let piece = 0; piece < pieces; piece++) {
    for (const [i, { rows }] of inputs.entries()) {
      const [begin, end] = [piece, piece + 1].map((n) => Math.round((n * rows.length) / pieces));
      sources[i]!.push(...rows.slice(begin, end));
    }
    await run.settle();
    await killed();
    await run.drain();
    await killed();
  }
  for (const source of sources) source.end();
  await run.drain();
  compare(table.rows, of, timesOf(node));
}

/** What a sink holds. */
class Table {
  key: readonly string[] | undefined;
  readonly #mode: OutputMode;
  readonly #byKey = new Map<string, object>();
  #rows: readonly object[][] = [];
  #epoch = 0;

  constructor(mode: OutputMode) {
    this.#mode = mode;
  }

  /** An epoch that comes again after a crash is the same. */
  put(rows: readonly object[], epoch: number, deleted: readonly object[]): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    const { key } = this;
    if (key === undefined) {
      this.#rows = this.#mode === 'complete' ? [[...rows]] : [...this.#rows, [...rows]];
      return;
    }
    for (const row of deleted) this.#byKey.delete(canonical(valuesOf(row, key)));
    for (const row of rows) this.#byKey.set(canonical(valuesOf(row, key)), row);
  }

  get rows(): readonly object[] {
    return this.key === undefined ? this.#rows.flat() : [...this.#byKey.values()];
  }
}

/**
 * The columns by which a row replaces another: the keys of the aggregation before the sink, where they have kept their names; otherwise the
 * first columns in which no two rows of the table are alike. Undefined where no row does: without an aggregation, unless the case says so.
 */
function keyOf(sink: SinkNode, of: TableCase): readonly string[] | undefined {
  const node = aggregationOf(sink);
  if (node === undefined && of.mode !== 'update') return undefined;
  const names = node && keyNames(node);
  if (names?.every((name) => of.columns.includes(name))) return names;
  const rows = of.rows?.() ?? [];
  const distinct = (columns: readonly string[]): boolean =>
    new Set(rows.map((row) => canonical(valuesOf(row, columns)))).size === rows.length;
  const columns = of.columns.map((_, i) => of.columns.slice(0, i + 1)).find(distinct);
  if (rows.length > 0 && columns !== undefined) return columns;
  throw new Error(
    "which rows replace each other is not known: let the definition say { stream, mode: 'update', key: [columns] }",
  );
}

function aggregationOf(node: LogicalNode): AggregateNode | undefined {
  if (node.kind === 'aggregate') return node;
  const inputs = inputsOf(node);
  return inputs.length === 1 ? aggregationOf(inputs[0]!) : undefined;
}

function keyNames({ schema, keys, window, session, count, aggregates }: AggregateNode): readonly string[] {
  const names = schema.kind === 'any' ? [] : schema.fields.map(({ name }) => name);
  const isTop = aggregates.some(({ spec }) => spec.fn === 'top');
  const timed = (window ?? session ?? count) === undefined ? 0 : 1;
  return [...names.slice(0, keys.length + timed), ...(isTop ? ['rank'] : [])];
}

/** Columns of the result that are times. */
function timesOf({ input: { schema } }: SinkNode): ReadonlySet<string> {
  const fields = schema.kind === 'any' ? [] : schema.fields;
  return new Set(fields.filter(({ type }) => type.kind === 'timestamp').map(({ name }) => name));
}

function compare(
  rows: readonly object[],
  { columns, rowCount, sha256, rows: expected }: TableCase,
  times: ReadonlySet<string>,
): void {
  const values = rows.map((row) => valuesOf(row, columns));
  if (expected !== undefined) {
    const wanted = expected().map((row) => valuesOf(row, columns));
    const differs = difference(values, wanted, false);
    if (differs !== undefined) throw new Differs(differs);
  }
  if (rowCount !== undefined && rows.length !== rowCount)
    throw new Differs(`the table has ${rows.length} rows, and should have ${rowCount}`);
  if (expected !== undefined || sha256 === undefined) return;
  const lines = values.map((row) => lineOf(row, columns, times)).sort();
  const hash = createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
  if (hash !== sha256)
    throw new Differs(`the rows have the SHA-256 ${hash}, and should have ${sha256}; the first is ${lines[0]}`);
}

/** As the hash has it: times are ISO 8601 with milliseconds. */
function lineOf(row: readonly unknown[], columns: readonly string[], times: ReadonlySet<string>): string {
  const entries = columns.map((name, i) => {
    const value = row[i] ?? null;
    return [name, times.has(name) && typeof value === 'number' ? new Date(value).toISOString() : value] as const;
  });
  return JSON.stringify(Object.fromEntries(entries));
}
