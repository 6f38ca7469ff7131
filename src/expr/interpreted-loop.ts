import { physicalReader } from './column-access.ts';
import type { ColumnWriter } from './column-writer.ts';
import { evaluate, type ReadColumn } from './interpret.ts';
import type { Loop, LoopSpec, Predicate, ReaderOf } from './loop.ts';
import { type ColumnNode, columnsRead, type ExprNode } from './node.ts';

/** The oracle of `compiledLoop`, and its substitute where no code may be made. */
export function interpretedLoop({ predicate, computed }: LoopSpec): Loop {
  const roots: readonly ExprNode[] = predicate === undefined ? computed : [predicate, ...computed];
  const columns = columnsRead(roots);
  return (batch, writers, kept, fault, now) => {
    const readers = new Map(columns.map((column) => [column, physicalReader(batch, column)] as const));
    let row = 0;
    const read: ReadColumn = (column: ColumnNode) => readers.get(column)!(row);
    let count = 0;
    for (let i = 0; i < batch.length; i++) {
      row = batch.physical(i);
      try {
        if (predicate !== undefined && evaluate(predicate, read, now) !== true) continue;
        for (let c = 0; c < computed.length; c++) write(writers[c]!, row, evaluate(computed[c]!, read, now));
        kept[count++] = row;
      } catch (thrown) {
        fault(i, thrown);
      }
    }
    return count;
  };
}

/** The oracle of `compiledPredicate`, as above. */
export function interpretedPredicate(condition: ExprNode, readerOf: ReaderOf): Predicate {
  const readers = new Map(columnsRead([condition]).map((column) => [column, readerOf(column)] as const));
  return (length, kept) => {
    let count = 0;
    for (let row = 0; row < length; row++)
      if (evaluate(condition, (column) => readers.get(column)!(row), Number.NaN) === true) kept[count++] = row;
    return count;
  };
}

function write(writer: ColumnWriter, row: number, value: unknown): void {
  if (value === null) writer.setNull(row);
  else writer.set(row, value as never);
}
