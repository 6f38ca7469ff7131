/** `dropDuplicates` and `limit`: which rows go on, by what came before them. */
import { type Duration } from '../core/index.ts';
import {
  type DedupNode,
  hasWatermark,
  type LimitNode,
  type LogicalNode,
  type Remembered,
  underWatermark,
  watermarkedColumns,
} from '../plan/index.ts';
import { type Call, called, refused } from './call.ts';
import { keyColumn } from './columns.ts';
import type { Remember } from './stream.ts';
import { positiveMs } from './window-key.ts';

/** @throws WeirError `E_PLAN` for a column that is not there or cannot be a key, and where values would be remembered without end */
export function firstOfEach(input: LogicalNode, columns: unknown, options: Partial<Remember>, call: Call): DedupNode {
  const keys = keysOf(input, columns, call);
  const remembered = rememberedBy(input, keys, options.within, call);
  return { kind: 'dedup', input, keys, remembered, site: call.site, schema: input.schema };
}

/** @throws WeirError `E_PLAN` for what is no number of rows */
export function firstRows(input: LogicalNode, rows: unknown, call: Call): LimitNode {
  if (!Number.isSafeInteger(rows) || (rows as number) < 0)
    throw refused(call, `${String(rows)} is not a number of rows`, 'give a whole number from 0');
  return { kind: 'limit', input, rows: rows as number, site: call.site, schema: input.schema };
}

function keysOf({ schema }: LogicalNode, columns: unknown, call: Call): readonly string[] {
  const names = columns === '*' && schema.kind === 'columns' ? schema.fields.map(({ name }) => name) : columns;
  if (names === '*')
    throw refused(
      call,
      'rows without a schema have no columns to compare',
      'name them, or give the rows a schema first: map((row) => row, Row)',
    );
  if (!Array.isArray(names) || names.length === 0)
    throw refused(call, "it takes the names of columns, or '*' for all of them", "as in dropDuplicates(['id', 'at'])");
  for (const name of names) keyColumn(schema, name, call);
  return [...new Set(names as string[])];
}

function rememberedBy(
  input: LogicalNode,
  keys: readonly string[],
  within: Duration | 'forever' | undefined,
  call: Call,
): Remembered {
  if (within === undefined) {
    const column = keys.find((key) => underWatermark(input, key) === 'yes');
    if (column !== undefined) return { until: 'passed', column };
    throw refused(
      call,
      `nothing says when a value of ${keys.join(', ')} may be forgotten, for none of these columns is under a watermark`,
      "add the one that is, or say for how long: { within: '1 hour' }, or { within: 'forever' }",
    );
  }
  if (within === 'forever') return { until: 'forever' };
  const ms = positiveMs(within, `${called(call)} within`);
  const [column] = watermarkedColumns(input);
  if (column !== undefined) return { until: 'expired', ms, column };
  if (input.schema.kind === 'any' && hasWatermark(input))
    throw refused(
      call,
      'its rows have no schema, so nobody can see which of their columns is under the watermark',
      'give them one first: map((row) => row, Row), with t.eventTime',
    );
  return { until: 'expired', ms };
}
