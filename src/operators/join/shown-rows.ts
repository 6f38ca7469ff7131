/** What the result of a join shows of its rows, where its condition reads columns that the result does not have. */
import { type JoinNode, keptColumns, sideNames } from '../../plan/index.ts';
import { keptForms } from './joined-rows.ts';
import { type NetRow, NetRows } from './net-rows.ts';
import { type RowForm, rowOf } from '../row-form.ts';

type Bytes = Uint8Array | null;

export class ShownRows {
  /** The join without what is not shown. */
  readonly node: JoinNode;
  readonly forms: readonly [RowForm, RowForm];
  readonly #kept: readonly [RowForm, RowForm];
  readonly #hides: boolean;

  /** @param kept the forms of the rows that the join keeps */
  constructor(join: JoinNode, kept: readonly [RowForm, RowForm]) {
    const { condition: _hidden, ...node } = join;
    this.#hides = sideNames.some((_, side) => keptColumns(join, side).length > keptColumns(node, side).length);
    this.node = node;
    this.forms = this.#hides ? keptForms(node) : kept;
    this.#kept = kept;
  }

  /** What becomes of the rows that are shown: of those that differ only in what is hidden, all together. */
  net(rows: readonly NetRow[]): readonly NetRow[] {
    if (!this.#hides) return rows;
    const lefts = this.#shown(
      rows.map(({ left }) => left),
      0,
    );
    const rights = this.#shown(
      rows.map(({ right }) => right),
      1,
    );
    const net = new NetRows();
    for (const [i, { times }] of rows.entries()) net.add(lefts[i]!, rights[i]!, times);
    return net.take();
  }

  #shown(rows: readonly Bytes[], side: 0 | 1): readonly Bytes[] {
    const there = rows.filter((row) => row !== null);
    const form = this.forms[side];
    const write = form.writer(this.#kept[side].batch(there.map(rowOf)));
    let next = 0;
    return rows.map((row) => {
      if (row === null) return null;
      write(next++);
      return form.copied();
    });
  }
}
