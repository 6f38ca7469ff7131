/** The columns that aggregations give: `window` if there is one, then the keys, then the aggregates. */
import {
  anySchema,
  type BatchSchema,
  batchSchema,
  type DataType,
  type FieldType,
  isWindow,
  type SchemaField,
} from '../batch/index.ts';
import { type AggregateNode, type AggregateSpec, typeText } from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { columnOf, keyColumn } from './columns.ts';

const instant = (name: string): SchemaField => ({ name, type: { kind: 'timestamp' }, nullable: false });
const windowType: FieldType = { type: { kind: 'struct', fields: [instant('start'), instant('end')] }, nullable: false };

const ordinal = (name: string): SchemaField => ({ name, type: { kind: 'float64' }, nullable: false });
const spanType: FieldType = { type: { kind: 'struct', fields: [ordinal('first'), ordinal('last')] }, nullable: false };

type Grouping = Pick<AggregateNode, 'keys' | 'window' | 'session' | 'count' | 'windowAt' | 'aggregates'>;

/**
 * @param names of the window and the keys in the result, in the order of its columns
 * @throws WeirError `E_PLAN` for a name that is taken twice, and for an aggregate that its column cannot have
 */
export function aggregateSchema(input: BatchSchema, grouping: Grouping, names: readonly string[], call: Call): BatchSchema {
  const fields = grouping.aggregates.map(({ name, spec }) => ({ name, ...aggregateType(input, spec, call) }));
  return behindKeys(input, grouping, names, fields, call);
}

/** The same of the first rows of each group: behind the keys come columns of the input, and the place among them. */
export function topSchema(
  input: BatchSchema,
  grouping: Omit<Grouping, 'aggregates'>,
  names: readonly string[],
  columns: readonly string[],
  call: Call,
): BatchSchema {
  const fields = columns.map((name) => {
    const { type, nullable } = columnOf(input, name, call);
    return { name, type: plain(type), nullable };
  });
  return behindKeys(input, grouping, names, [...fields, { name: 'rank', type: { kind: 'float64' }, nullable: false }], call);
}

function behindKeys(
  input: BatchSchema,
  { keys, window, session, count, windowAt = 0 }: Omit<Grouping, 'aggregates'>,
  names: readonly string[],
  others: readonly SchemaField[],
  call: Call,
): BatchSchema {
  const keyTypes = keys.map((name) => typeOnly(keyColumn(input, name, call)));
  const shown = count === undefined ? windowType : spanType;
  const types = (window ?? session ?? count) === undefined ? keyTypes : keyTypes.toSpliced(windowAt, 0, shown);
  const fields = [...names.map((name, i) => ({ name, ...types[i]! })), ...others];
  checkNames(
    fields.map(({ name }) => name),
    call,
  );
  return batchSchema(fields);
}

function checkNames(names: readonly string[], call: Call): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw refused(call, `the result would have two columns '${twice}'`, 'name the aggregates otherwise: agg({ otherName: … })');
  if (names.includes('__proto__')) throw refused(call, 'no column can be called __proto__');
}

const typeOnly = ({ type, nullable }: FieldType): FieldType => ({ type, nullable });

function aggregateType(input: BatchSchema, spec: AggregateSpec, call: Call): FieldType {
  const { fn } = spec;
  if (fn === 'count' || spec.column === undefined) return { type: { kind: 'float64' }, nullable: false };
  const isFiltered = spec.where !== undefined;
  const { type, nullable } = columnOf(input, spec.column, { verb: `${fnName(fn)}('${spec.column}')`, site: call.site });
  switch (fn) {
    case 'sum':
    case 'avg':
      if (!isNumeric(type))
        throw refused(call, `${fn}('${spec.column}') needs a column of numbers; '${spec.column}' is ${typeText(type)}`);
      return { type: { kind: 'float64' }, nullable: nullable || isFiltered };
    case 'min':
    case 'max':
      if (!isOrdered(type))
        throw refused(call, `${fn}('${spec.column}') needs values with an order; '${spec.column}' is ${typeText(type)}`);
      return { type: plain(type), nullable: nullable || isFiltered };
    case 'first':
    case 'last':
      return { type: plain(type), nullable: nullable || isFiltered };
    case 'countDistinct':
    case 'approxCountDistinct':
      if (type.kind === 'struct' && !isWindow(type))
        throw refused(call, `${fn}('${spec.column}') needs values that can be keys; '${spec.column}' is ${typeText(type)}`);
      return { type: { kind: 'float64' }, nullable: false };
    case 'collect':
      return { type: { kind: 'list', of: { type: plain(type), nullable } }, nullable: false };
    case 'top': // topSchema
    case 'custom':
      return { type: { kind: 'any' }, nullable: true };
  }
}

const fnName = (fn: AggregateSpec['fn']): string => (fn === 'custom' ? 'aggregate' : fn);

function isNumeric({ kind }: DataType): boolean {
  return kind === 'float64' || kind === 'int64' || kind === 'any';
}

export function isOrdered({ kind }: DataType): boolean {
  return kind !== 'list' && kind !== 'struct' && kind !== 'bytes';
}

/** An aggregate of event times is a time, but the watermark may be past it already. */
function plain(type: DataType): DataType {
  return type.kind === 'timestamp' ? { kind: 'timestamp' } : type;
}

/** The same columns, with this one under a watermark. */
export function watermarkedSchema(schema: BatchSchema, column: string): BatchSchema {
  if (schema.kind === 'any') return schema;
  return batchSchema(
    schema.fields.map((field) =>
      field.name === column && field.type.kind === 'timestamp'
        ? { ...field, type: { kind: 'timestamp', eventTime: true } }
        : field,
    ),
  );
}

/** These columns, in this order. Rows without a schema stay without one. */
export function selectedSchema(schema: BatchSchema, names: readonly string[], call: Call): BatchSchema {
  const fields = names.map((name) => ({ name, ...typeOnly(columnOf(schema, name, call)) }));
  checkNames(names, call);
  return schema.kind === 'any' ? anySchema : batchSchema(fields);
}
