/** `top`: which rows of a group are its first. */
import type { BatchSchema } from '../batch/index.ts';
import { type Kind, type TopSpec, typeText } from '../plan/index.ts';
import type { Plain } from './aggregate-types.ts';
import { type Call, refused } from './call.ts';
import { columnOf } from './columns.ts';
import { isOrdered } from './result-schema.ts';
import type { Timestamp } from './values.ts';

export type Order = 'asc' | 'desc';
type Ordered = number | string | boolean | Date | Timestamp | null | undefined;
type OrderedColumn<Row> = { [K in keyof Row & string]: [Row[K]] extends [Ordered] ? K : never }[keyof Row & string];

export interface TopOptions<Row = any> {
  /** The column that decides, or several: each where those before it are equal. */
  readonly by: OrderedColumn<Row> | readonly OrderedColumn<Row>[];
  /** `desc` (default): the greatest first. `asc`: the least. One for all columns, or one for each. */
  readonly order?: Order | readonly Order[];
}
/** The columns behind the keys. */
export type TopRow<Row, Keys> = { -readonly [P in Exclude<keyof Row, keyof Keys | 'rank'>]: Plain<Row[P]> } & { rank: number };
/** Sessions have first rows once they have closed. */
export type TopKind<K extends Kind> = K extends 'session' ? 'chained' : K;

/** @param keys names of the result's other columns */
export function topSpec(schema: BatchSchema, rows: unknown, options: TopOptions, keys: readonly string[], call: Call): TopSpec {
  if (!Number.isSafeInteger(rows) || (rows as number) < 1)
    throw refused(call, `${String(rows)} is not a number of rows`, 'give a whole number from 1');
  if (schema.kind === 'any')
    throw refused(call, 'rows without a schema have no columns to give', 'give them one first: map((row) => row, Row)');
  const by = [options?.by ?? []].flat() as readonly string[];
  if (by.length === 0) throw refused(call, 'it needs `by`, the column that decides', "as in top(10, { by: 'price' })");
  const orders =
    typeof options.order === 'string' ? by.map(() => options.order as Order) : (options.order ?? by.map(() => 'desc'));
  if (orders.length !== by.length)
    throw refused(
      call,
      `it has ${by.length} columns in \`by\`, and ${orders.length} in \`order\``,
      'give one order for all, or one for each',
    );
  const wrong = orders.find((order) => order !== 'asc' && order !== 'desc');
  if (wrong !== undefined) throw refused(call, `there is no order '${String(wrong)}'`, 'the orders are asc and desc');
  for (const column of by) requireOrdered(schema, column, call);
  return {
    rows: rows as number,
    by: by.map((column, i) => ({ column, order: orders[i] as Order })),
    columns: schema.fields.map(({ name }) => name).filter((name) => name !== 'rank' && !keys.includes(name)),
  };
}

function requireOrdered(schema: BatchSchema, column: string, call: Call): void {
  const { type } = columnOf(schema, column, call);
  if (!isOrdered(type)) throw refused(call, `it needs values with an order; '${column}' is ${typeText(type)}`);
}
