/** Makes a function of the code of a loop, and gives it the columns of each batch. */
import { type Batch, BoolColumn, Float64Column } from '../batch/index.ts';
import { columnAt, physicalReader } from './column-access.ts';
import type { Loop, LoopSpec, Predicate, ReaderOf } from './loop.ts';
import { type Layout, LoopCode } from './loop-code.ts';
import type { ColumnNode, ExprNode } from './node.ts';

type Body = (
  batch: { readonly length: number; readonly selection?: Int32Array },
  columns: readonly unknown[],
  nulls: readonly (Uint8Array | null)[],
  constants: readonly unknown[],
  ...rest: Parameters<Loop> extends [unknown, ...infer R] ? R : never
) => number;

export function compiledLoop(spec: LoopSpec): Loop {
  const code = new LoopCode(spec);
  const body = bodyOf(code);
  const { columns, constants } = code;
  return (batch, writers, kept, fault, now) => {
    const bound = columns.map(({ node, layout }) => bind(batch, node, layout));
    const values = bound.map(({ data }) => data);
    const nulls = bound.map(({ nulls: bits }) => bits);
    return body(batch, values, nulls, constants, writers, kept, fault, now);
  };
}

export function compiledPredicate(condition: ExprNode, readerOf: ReaderOf): Predicate {
  const code = new LoopCode({ predicate: condition, computed: [] }, () => 'reader');
  const body = bodyOf(code);
  const readers = code.columns.map(({ node }) => readerOf(node));
  const nulls = readers.map(() => null);
  return (length, kept) => body({ length }, readers, nulls, code.constants, [], kept, thrownOn, Number.NaN);
}

function bodyOf({ text }: LoopCode): Body {
  // oxlint-disable-next-line typescript/no-implied-eval -- EX3: the text is ours to the last character.
  return new Function('batch', 'columns', 'nulls', 'constants', 'writers', 'kept', 'fault', 'now', text) as Body;
}

function thrownOn(_: number, thrown: unknown): never {
  throw thrown;
}

function bind(batch: Batch, node: ColumnNode, layout: Layout): { readonly data: unknown; readonly nulls: Uint8Array | null } {
  const column = layout === 'reader' ? undefined : columnAt(batch, node);
  if (column instanceof Float64Column || column instanceof BoolColumn) return { data: column.values, nulls: column.nulls };
  return { data: physicalReader(batch, node), nulls: null };
}
