/** Rows with how they came about as a column: what they are to each other becomes what they say. */
import { BatchBuilder, rowKind } from '../batch/index.ts';
import type { ChangelogNode } from '../plan/index.ts';
import { carriedSystem } from './carried-system.ts';
import type { Batch, Operator, Output, Step } from './operator.ts';

const ops: Readonly<Record<number, string>> = {
  [rowKind.insert]: '+I',
  [rowKind.updateBefore]: '-U',
  [rowKind.update]: '+U',
  [rowKind.delete]: '-D',
};

class ChangelogOperator implements Operator {
  readonly #builder: BatchBuilder;
  readonly #isAny: boolean;
  readonly #values: unknown[] = [];

  constructor({ schema }: ChangelogNode) {
    this.#builder = new BatchBuilder(schema);
    this.#isAny = schema.kind === 'any';
  }

  process(batch: Batch, out: Output): Step {
    const { kinds: _, ...system } = carriedSystem(
      batch,
      Int32Array.from({ length: batch.length }, (_row, i) => i),
    );
    if (this.#isAny) for (let i = 0; i < batch.length; i++) this.#builder.append({ ...batch.row(i), op: ops[batch.kind(i)] });
    else this.#appendColumns(batch);
    if (this.#builder.length > 0) out.emit(this.#builder.build(system));
    return 'done';
  }

  #appendColumns(batch: Batch): void {
    const { schema } = batch;
    const readers = schema.kind === 'any' ? [] : schema.fields.map(({ name }) => batch.reader(name));
    const values = this.#values;
    for (let i = 0; i < batch.length; i++) {
      for (let c = 0; c < readers.length; c++) values[c] = readers[c]!(i);
      values[readers.length] = ops[batch.kind(i)];
      this.#builder.appendValues(values);
    }
  }
}

export function changelogOperator(node: ChangelogNode): Operator {
  return new ChangelogOperator(node);
}
