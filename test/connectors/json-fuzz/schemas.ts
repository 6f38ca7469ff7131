/** Schemas that differ in what the reader does with them, and values that fit each, as JSON has them. */
import { rowSchema } from '../../../src/api/index.ts';
import type { ColumnPath, SchemaField } from '../../../src/batch/index.ts';
import { type AnySchema, schema, t } from '../../../src/index.ts';

export const schemas: Readonly<Record<string, AnySchema<any, object>>> = {
  bid: schema({
    auction: t.int,
    bidder: t.int,
    price: t.int,
    channel: t.string,
    url: t.string,
    dateTime: t.timestamp,
    extra: t.string,
  }),
  numbers: schema({ a: t.number, b: t.int.nullable(), c: t.number.nullable(), d: t.int }),
  texts: schema({ id: t.string, kind: t.oneOf('a', 'b', 'é'), note: t.string.nullable(), größe: t.string.nullable() }),
  times: schema({
    at: t.timestamp,
    until: t.timestamp.nullable(),
    day: t.timestampOf('yyyy/MM/dd HH:mm').nullable(),
    odd: t.timestampOf('yyyy"MM"dd').nullable(),
    local: t.timestampOf('yyyy-MM-dd', { zone: 'Europe/Berlin' }).nullable(),
  }),
  nested: schema({
    event_type: t.int,
    person: t.struct({ id: t.int, name: t.string, city: t.string.nullable(), at: t.timestamp }).nullable(),
    auction: t.struct({ id: t.int, item: t.struct({ name: t.string, tags: t.list(t.string) }).nullable() }).nullable(),
    bid: t.struct({ auction: t.int, price: t.number, channel: t.string, ok: t.boolean.nullable() }).nullable(),
  }),
  mixed: schema({
    ok: t.boolean,
    any: t.any(),
    list: t.list(t.number.nullable()),
    lists: t.list(t.struct({ a: t.int, b: t.string })).nullable(),
    raw: t.bytes.nullable(),
    constructor: t.string.nullable(),
    'a "b"\\c': t.int.nullable(),
    10: t.int.nullable(),
    2: t.string.nullable(),
  }),
};

/** Uniform in [0, 1). */
export type Draw = () => number;

const words = [
  '',
  'a',
  'b',
  'apple',
  'é',
  '日本語',
  '😀',
  'x'.repeat(70),
  'tab\there',
  'quote"',
  'back\\slash',
  'line\nend',
  '\u0000',
  '\u007f',
  '\u2028',
  '</script>',
  '2024-05-01',
];
const doubles = [
  0,
  -0,
  1,
  -1,
  0.1,
  0.30000000000000004,
  4.35,
  1e21,
  1e-7,
  5e-324,
  1.7976931348623157e308,
  123456789.12345679,
  999999999999999,
  9007199254740991,
  -9007199254740991,
  2 ** 31,
  2 ** 53,
  1234567.5,
];

export const pick = <T>(random: Draw, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
export const chance = (random: Draw, share: number): boolean => random() < share;
const integer = (random: Draw): number => Math.floor((random() - 0.3) * 10 ** Math.floor(random() * 14));

function textOf(random: Draw): string {
  if (chance(random, 0.6)) return `channel-${Math.floor(random() * 10_000)}`;
  if (chance(random, 0.02)) return pick(random, ['\ud800', 'a\udc00x']);
  return chance(random, 0.5) ? pick(random, words) : pick(random, words) + pick(random, words);
}

function timeOf(random: Draw): unknown {
  const ms = Math.floor(random() * 4e12);
  const iso = new Date(ms).toISOString();
  return pick<unknown>(random, [
    iso,
    iso,
    iso,
    ms,
    iso.replace('.000', ''),
    iso.slice(0, 10),
    iso.replace('Z', '+02:00'),
    iso.replace('T', ' ').slice(0, 19),
  ]);
}

/** A value that mostly fits. */
function valueOf(random: Draw, { type, nullable, name }: SchemaField): unknown {
  if (nullable && chance(random, 0.15)) return null;
  switch (type.kind) {
    case 'float64':
      return chance(random, 0.5) ? pick(random, doubles) : integer(random) / pick(random, [1, 10, 100, 7]);
    case 'int64':
      return chance(random, 0.01) ? pick(random, doubles) : integer(random);
    case 'bool':
      return chance(random, 0.5);
    case 'string':
      return type.values === undefined ? textOf(random) : chance(random, 0.02) ? 'c' : pick(random, type.values);
    case 'timestamp':
      return name === 'at' || name === 'until' || name === 'dateTime' ? timeOf(random) : patterned(random, name);
    case 'bytes':
      return Buffer.from(textOf(random)).toString('base64');
    case 'list':
      return Array.from({ length: Math.floor(random() * 4) }, () => valueOf(random, { ...type.of, name: 'at' }));
    case 'struct':
      return objectOf(random, type.fields);
    case 'any':
      return pick<unknown>(random, [1, 'x', null, [1, [2]], { a: { b: [] } }, true, 1.5, { __proto: 1 }]);
  }
}

function patterned(random: Draw, name: string): string {
  const iso = new Date(Math.floor(random() * 2e12)).toISOString();
  const day = iso.slice(0, 10);
  if (name === 'day') return `${day.replaceAll('-', '/')} ${iso.slice(11, 16)}`;
  return name === 'odd' ? day.replaceAll('-', '"') : day;
}

function objectOf(random: Draw, fields: readonly SchemaField[]): object {
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(random, field)]));
}

export function fieldsOf(name: string): readonly SchemaField[] {
  const found = rowSchema(schemas[name]!).schema;
  return found.kind === 'columns' ? found.fields : [];
}

/** A row, as JSON has it; sometimes with fields in another order, missing, or more of them. */
export function valueRow(random: Draw, fields: readonly SchemaField[], shuffled: boolean): Record<string, unknown> {
  const entries = fields.map((field): [string, unknown] => [field.name, valueOf(random, field)]);
  if (!shuffled) return Object.fromEntries(entries);
  const some = entries.filter(() => chance(random, 0.85)).sort(() => random() - 0.5);
  const more: [string, unknown][] = chance(random, 0.3)
    ? [[pick(random, ['more', 'é', '__proto__', 'toString', '"']), pick<unknown>(random, [1, 'x', [{}], { a: null }])]]
    : [];
  return Object.fromEntries([...some, ...more]);
}

/** Some of the columns, by path; null for all of them. */
export function wantedOf(random: Draw, fields: readonly SchemaField[]): readonly ColumnPath[] | null {
  if (chance(random, 0.4)) return null;
  return fields.flatMap((field): ColumnPath[] => {
    if (chance(random, 0.5)) return [];
    if (field.type.kind !== 'struct' || chance(random, 0.3)) return [[field.name]];
    return field.type.fields.filter(() => chance(random, 0.6)).map((inner): ColumnPath => [field.name, inner.name]);
  });
}
