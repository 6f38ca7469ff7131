/** Rows as bytes, as joins keep them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Batch,
  BatchBuilder,
  batchOf,
  batchSchema,
  decodeBatch,
  encodeBatch,
  type SchemaField,
} from '../../src/batch/index.ts';
import { RowForm, rowOf as bytesOf } from '../../src/operators/row-form.ts';
import { columnsSchema, expectSame, rowOf } from '../batch/arbitraries.ts';

const text = (name: string): SchemaField => ({ name, type: { kind: 'string' }, nullable: true });

/** Its rows through bytes: those columns of them that are wanted. */
function through(batch: Batch, fields: readonly SchemaField[], isWanted: (column: number) => boolean): Batch {
  const form = RowForm.ofColumns(fields);
  const rows = new BatchBuilder(batchSchema(fields.filter((_, column) => isWanted(column))));
  let next = 0;
  const targets = fields.map((_, column) => (isWanted(column) ? rows.builders[next++]! : null));
  const write = form.writer(batch);
  for (let i = 0; i < batch.length; i++) {
    write(i);
    form.append(form, targets, rows);
    rows.filled(1);
  }
  return rows.build();
}

const rowsOf = (batch: Batch): object[] => Array.from({ length: batch.length }, (_, i) => batch.row(i));

test('JO6: columns of any types come out of bytes as they were, from strings and from texts that came as bytes', () => {
  const cases = columnsSchema.chain((schema) =>
    fc.record({
      schema: fc.constant(schema),
      rows: fc.array(rowOf(schema.fields), { maxLength: 8 }),
      encoded: fc.boolean(),
      from: fc.nat(3),
    }),
  );
  fc.assert(
    fc.property(cases, ({ schema, rows, encoded, from }) => {
      const built = batchOf(schema, rows);
      const whole = encoded ? decodeBatch(encodeBatch(built)) : built;
      const batch = whole.slice(Math.min(from, whole.length), whole.length);
      expectSame(rowsOf(through(batch, schema.fields, () => true)), rowsOf(batch));
      const even = schema.fields.filter((_, column) => column % 2 === 0).map(({ name }) => name);
      expectSame(rowsOf(through(batch, schema.fields, (column) => column % 2 === 0)), rowsOf(batch.project(even)));
    }),
    { numRuns: 300 },
  );
});

test('JO6: texts with lone surrogates, and others beside them, and those longer than what memory there was', () => {
  const schema = batchSchema([text('a'), text('b')]);
  const rows = [
    { a: 'plain', b: '\ud800 alone' },
    { a: null, b: 'é'.repeat(400) },
    { a: '\udc00'.repeat(700), b: '' },
    { a: 'x'.repeat(5000), b: null },
  ];
  expect(rowsOf(through(batchOf(schema, rows), schema.kind === 'columns' ? schema.fields : [], () => true))).toEqual(rows);
});

test('JO6: a row without a schema comes back whole', () => {
  const batch = batchOf({ kind: 'any' }, [{ a: [1, { b: null }] }, { c: 'text' }]);
  const form = RowForm.ofRows(batch.schema);
  const write = form.writer(batch);
  for (let i = 0; i < batch.length; i++) {
    write(i);
    expect(form.row(form)).toEqual(batch.row(i));
  }
});

test('JO6: a column of a row as bytes is read as it was, and so is a row in a batch of its own', () => {
  const cases = columnsSchema.chain((schema) =>
    fc.record({ schema: fc.constant(schema), rows: fc.array(rowOf(schema.fields), { minLength: 1, maxLength: 4 }) }),
  );
  fc.assert(
    fc.property(cases, ({ schema, rows }) => {
      const batch = batchOf(schema, rows);
      const form = RowForm.ofColumns(schema.fields);
      const write = form.writer(batch);
      for (let i = 0; i < batch.length; i++) {
        write(i);
        const row = bytesOf(form.copied());
        const read = schema.fields.map(({ name }) => [name, form.reader(name)(row)] as const);
        const was = schema.fields.map(({ name }) => [name, batch.value(name, i)] as const);
        expectSame([Object.fromEntries(read)], [Object.fromEntries(was)]);
        expectSame(rowsOf(form.batch([row])), [batch.row(i)]);
      }
    }),
    { numRuns: 300 },
  );
});

test('JO6: of a row without a schema any property is read, and null where there is none', () => {
  const batch = batchOf({ kind: 'any' }, [{ a: [1, { b: null }] }]);
  const form = RowForm.ofRows(batch.schema);
  form.writer(batch)(0);
  const row = bytesOf(form.copied());
  expect([form.reader('a')(row), form.reader('toString')(row)]).toEqual([[1, { b: null }], null]);
  expect(rowsOf(form.batch([row]))).toEqual([{ a: [1, { b: null }] }]);
});
