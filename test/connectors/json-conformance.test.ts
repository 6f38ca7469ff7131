// Readers and writer of JSON on data sets: flights, and events of Nexmark, as they are and one inside the other. WEIR_JSON_LINES=FILE adds a
// file of Nexmark events.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Generator, lineOf } from '../../bench/nexmark/generator/index.ts';
import { Auction, Bid, Event, Person } from '../../bench/nexmark/schemas.ts';
import { rowSchema } from '../../src/api/index.ts';
import type { ColumnPath } from '../../src/batch/index.ts';
import { JsonRows } from '../../src/connectors/formats/json-rows.ts';
import { JsonScanner } from '../../src/connectors/formats/json-scanner.ts';
import { type AnySchema, schema, t } from '../../src/index.ts';
import { type Case, oracle, readBy } from './json-fuzz/readers.ts';

const Flight = schema({
  date: t.timestampOf('yyyy/MM/dd HH:mm'),
  delay: t.number,
  distance: t.int,
  origin: t.string,
  destination: t.string,
});
const Nested = schema({
  event_type: t.int,
  person: t.struct(fieldsOf(Person)).nullable(),
  auction: t.struct(fieldsOf(Auction)).nullable(),
  bid: t.struct(fieldsOf(Bid)).nullable(),
});

function fieldsOf(of: AnySchema): Parameters<typeof t.struct>[0] {
  return (of as unknown as { fields: Parameters<typeof t.struct>[0] }).fields;
}

/** Every record is taken by the reader, and gives the row that JSON.parse and the schema give. */
function holds(schemaOf: AnySchema<any, object>, lines: readonly string[], wanted: readonly ColumnPath[] | null = null): void {
  const of: Case = { schema: schemaOf, wanted, bytes: Buffer.from(`${lines.join('\n')}\n`), chunk: 1 << 18, rows: 1024 };
  const expected = oracle(of);
  for (const compiles of [true, false]) {
    const { records, taken, batches } = readBy((format, rows) => {
      const some = format.schema.kind === 'columns' ? format.schema.fields : [];
      return new JsonScanner({ fields: rowSchema(schemaOf).fields!, wanted: some }, rows, { compiles });
    }, of);
    expect([records.length, taken]).toEqual([lines.length, lines.length]);
    expect(records.findIndex((row, i) => !isDeepStrictEqual(row, expected[i]))).toBe(-1);
    const written = batches
      .map((batch) => Buffer.from(new JsonRows(compiles ? 0 : Number.POSITIVE_INFINITY).write(batch).bytes).toString())
      .join('');
    expect(written === expected.map((row) => `${JSON.stringify(row)}\n`).join('')).toBe(true);
  }
}

const nested = (line: string): string => {
  const { event_type, ...rest } = JSON.parse(line) as { event_type: number };
  const of = (type: number): object | null => (type === event_type ? rest : null);
  return JSON.stringify({ event_type, person: of(0), auction: of(1), bid: of(2) });
};
const holdsEvents = (events: readonly string[]): void => {
  holds(Event, events);
  holds(Event, events, [['price'], ['dateTime']]);
  holds(Nested, events.map(nested));
  holds(Nested, events.map(nested), [
    ['bid', 'price'],
    ['bid', 'channel'],
    ['person', 'name'],
  ]);
};

describe('JSON of data sets is read and written as JSON.parse and JSON.stringify do', () => {
  test('20,000 flights', () => {
    const main = createRequire(import.meta.url).resolve('vega-datasets');
    const rows = JSON.parse(readFileSync(resolve(dirname(main), '../data/flights-20k.json'), 'utf8')) as object[];
    const lines = rows.map((row) => JSON.stringify(row));
    holds(Flight, lines);
    holds(Flight, lines, [['delay'], ['origin']]);
  });

  test('5,000 events of Nexmark', () => {
    const generator = new Generator({});
    holdsEvents(Array.from({ length: 5000 }, (_, i) => lineOf(generator.event(i))));
  });

  const { WEIR_JSON_LINES: file = '' } = process.env;
  test.skipIf(!existsSync(file))('events of a file', () => {
    holdsEvents(readFileSync(file, 'utf8').trimEnd().split('\n'));
  });
});
