/** Rows that say what happens, as rows that change: `asChanges` and `asUpserts`. */
import { batchSchema, type BatchSchema } from '../batch/index.ts';
import type { Duration } from '../core/index.ts';
import { exprText, heldTo } from '../expr/index.ts';
import { type ChangesNode, type LogicalNode, refusedReading, typeText, type UpsertsNode } from '../plan/index.ts';
import { BesideColumns } from './beside-columns.ts';
import { type Call, called, refused } from './call.ts';
import type { ChangeOp } from './changelog.ts';
import { columnOf, keyColumn } from './columns.ts';
import { exprsOf } from './expr-columns.ts';
import type { BooleanExpr, Columns } from './expr-types.ts';
import type { WithoutWatermark } from './join-types.ts';
import { nodeOf } from './planned-expr.ts';
import { positiveMs } from './window-key.ts';

/** The columns that may say what happens to a row. */
export type OpColumn<Row> = { [K in keyof Row & string]: [Row[K]] extends [string | null] ? K : never }[keyof Row & string];
export interface ChangesOptions<C> {
  /** The column that says what happens to a row. */
  readonly op: C;
  /** What its values mean, where they are not those of `changelog()`: `{ created: '+I', changed: '+U', was: '-U', removed: '-D' }`. */
  readonly values?: Readonly<Record<string, ChangeOp>>;
}
/** Without the column that says it; no time in it is under a watermark any more. */
export type ChangesRow<Row, C> = { [K in keyof Row as K extends C ? never : K]: WithoutWatermark<Row[K]> };
export interface UpsertsOptions<Row, C> {
  /** The column, or the columns, by which a row takes the place of another. Null is a value like any other. */
  readonly key: C;
  /** The row of its key is gone, where this is true; of such a row only the key counts. Unless said, none ever is. */
  readonly deleted?: (c: Columns<Row>) => BooleanExpr<null>;
  /** A row is gone once none has come for its key for so long, by the time of epochs; unless said, each is kept for ever. */
  readonly ttl?: Duration;
}

const meanings: Readonly<Record<ChangeOp, boolean>> = { '+I': false, '-U': true, '+U': false, '-D': true };

/** @throws WeirError `E_PLAN` */
export function changesOf(input: LogicalNode, { op, values }: ChangesOptions<string>, call: Call): ChangesNode {
  const { fields } = columnsIn(input.schema, call);
  const { type } = columnOf(input.schema, op, call);
  if (type.kind !== 'string') throw refused(call, `column '${op}' says what happens as text, and is ${typeText(type)}`);
  const left = fields.filter(({ name }) => name !== op);
  if (left.length === 0) throw refused(call, `there is no column beside '${op}'`);
  const refusal = refusedReading(input);
  if (refusal !== undefined) throw refused(call, refusal.reason, refusal.hint);
  return { kind: 'changes', input, op, takesBack: takesBackOf(values, call), site: call.site, schema: batchSchema(left) };
}

function takesBackOf(values: ChangesOptions<string>['values'], call: Call): Readonly<Record<string, boolean>> {
  if (values === undefined) return meanings;
  const entries = Object.entries(values);
  if (entries.length === 0) throw refused(call, '`values` says of no value what it means', "as in { c: '+I', d: '-D' }");
  const wrong = entries.find(([, op]) => !Object.hasOwn(meanings, op));
  if (wrong !== undefined)
    throw refused(call, `'${wrong[0]}' cannot mean '${String(wrong[1])}'`, `it means one of ${Object.keys(meanings).join(', ')}`);
  return Object.fromEntries(entries.map(([value, op]) => [value, meanings[op]]));
}

/** @throws WeirError `E_PLAN` */
export function upsertsOf(input: LogicalNode, options: UpsertsOptions<never, unknown>, call: Call): UpsertsNode {
  const { schema } = input;
  const { key, deleted, ttl } = options;
  columnsIn(schema, call);
  const keys = [...new Set(typeof key === 'string' ? [key] : ((key ?? []) as readonly string[]))];
  if (keys.length === 0) throw refused(call, 'it needs `key`, by which a row takes the place of another', "as in { key: 'id' }");
  for (const name of keys) keyColumn(schema, name, call);
  const beside = new BesideColumns(schema);
  const condition = deleted === undefined ? undefined : conditionOf(deleted, schema, call);
  const column = condition === undefined ? undefined : beside.nameOf(condition, exprText(condition));
  return {
    kind: 'upserts',
    input: beside.over(input, [], call),
    keys,
    ...(column === undefined ? {} : { deleted: column }),
    ...(ttl === undefined ? {} : { ttlMs: positiveMs(ttl, `${called(call)} ttl`) }),
    site: call.site,
    schema,
  };
}

function conditionOf(fn: unknown, schema: BatchSchema, call: Call): ReturnType<typeof nodeOf> {
  return exprsOf(fn, schema, call, (result) => {
    const node = heldTo('boolean', nodeOf(result), '`deleted`');
    return { result: node, nodes: [node] };
  });
}

function columnsIn(schema: BatchSchema, call: Call): Extract<BatchSchema, { kind: 'columns' }> {
  if (schema.kind === 'columns') return schema;
  throw refused(call, 'rows without a schema have no columns to compare', 'give them one first: map((row) => row, Row)');
}
