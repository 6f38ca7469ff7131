/**
 * The groups of `top`, of rows that do not change: outside of the heap, so that a row costs no object, and neither does a group.
 *
 * Owns: which rows come in, and what has changed since emissions were last due. A cell is made for who looks at it, with the rows where they lie.
 * Does not own: rows (state/ranked-rows.ts), their order and form (aggregates/ranking.ts).
 */
import { type Batch, copyBytes, KeyBytes, keyGroupOf, latin1Slice } from '../batch/index.ts';
import { type AggregateNode, takesChanges, type TopSpec } from '../plan/index.ts';
import { Positions, type RankedRows, type RankedSpace } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import { type Placed, Ranking } from './aggregates/index.ts';
import { CellImages } from './cell-images.ts';
import type { Cell } from './cell.ts';
import type { Emissions } from './emissions.ts';
import { type GroupRows, GroupState, type KeyCell, neverTakenBack, type Wanted } from './group-state.ts';
import { keyBytesOf } from './key-bytes.ts';
import type { OperatorContext } from './operator.ts';
import type { RowBytes } from './row-form.ts';

export interface RankedOptions {
  readonly node: AggregateNode;
  readonly spec: TopSpec;
  readonly accumulators: Accumulators;
  readonly context: OperatorContext;
  /** What cells were is needed. */
  readonly compares: boolean;
  /** What has changed is asked for. */
  readonly updates: boolean;
}

/** What an aggregation ranks its rows by, if that is all that it does with them, and they do not change. */
export function rankedBy(node: AggregateNode): TopSpec | undefined {
  const [only, ...others] = node.aggregates;
  const isOnly = only?.spec.fn === 'top' && only.spec.where === undefined && others.length === 0;
  return isOnly && !takesChanges(node) ? only.spec.top : undefined;
}

export class RankedState extends GroupState {
  readonly #rows: RankedRows;
  readonly #ranking: Ranking;
  readonly #keys: readonly string[];
  readonly #keyGroups: number;
  readonly #updates: boolean;
  readonly #key = new KeyBytes();
  /** By namespace: keys that have changed in this round. A round ends when all that has changed has gone out everywhere. */
  readonly #changed = new Map<number, Positions>();
  #round = 1;

  constructor({ node, spec, accumulators, context, compares, updates }: RankedOptions) {
    super(accumulators, context, compares ? new CellImages(ownCell) : undefined);
    this.#ranking = new Ranking(spec, node.input.schema);
    this.#rows = context.ranked('rows', this.#ranking.id, this.#ranking);
    this.#keys = node.keys;
    this.#keyGroups = context.keyGroups;
    this.#updates = updates;
  }

  rowsOf(batch: Batch): GroupRows {
    const ranking = this.#ranking;
    const key = this.#key;
    const keyAt = keyBytesOf(batch, this.#keys, key);
    const turn = ranking.turner(batch);
    const write = ranking.form.writer(batch);
    let row = 0;
    let group = 0;
    return {
      turn(i) {
        row = i;
        turn(i);
      },
      group: () => (group = keyGroupOf(keyAt(row), this.#keyGroups)),
      check: () => ranking.check(),
      key: () => key.text(),
      has: neverTakenBack,
      add: (namespace) => {
        const space = this.#rows.space(namespace);
        const known = space === undefined ? 0 : space.find(key);
        if (known !== 0 && this.#isBehind(space!, known)) return;
        if (this.images !== undefined) this.#keep(namespace, space, known);
        write(row);
        this.#add(namespace, known, group);
      },
      takeBack: neverTakenBack,
    };
  }

  #isBehind(space: RankedSpace, key: number): boolean {
    if (!this.#rows.isFull(space, key)) return false;
    const last = space.lastOf(key);
    return !this.#ranking.isBefore(space.memoryOf(last), space.bytesOf(last));
  }

  #keep(namespace: number, space: RankedSpace | undefined, key: number): void {
    this.images!.keep(namespace, this.#key.text(), key === 0 ? undefined : this.#cell(space!, key));
  }

  /** The row that the form has written last. */
  #add(namespace: number, known: number, group: number): void {
    const { form } = this.#ranking;
    const space = this.#rows.filled(namespace);
    const ordinal = ++this.ordinal;
    const key = known === 0 ? space.addKey(this.#key, group, ordinal) : known;
    const row = this.#rows.insert(space, key, ordinal, form.length);
    copyBytes(form.memory.bytes, 0, form.length, space.memoryOf(row).bytes, space.bytesOf(row));
    if (this.#updates) this.#note(space, key);
  }

  #note(space: RankedSpace, key: number): void {
    if (!space.isNewIn(key, this.#round)) return;
    const { namespace } = space;
    let changed = this.#changed.get(namespace);
    if (changed === undefined) this.#changed.set(namespace, (changed = new Positions()));
    changed.push(key);
  }

  // ── cells

  namespaces(): Iterable<number> {
    return this.#rows.namespaces();
  }

  protected *entries(namespace: number): Iterable<KeyCell> {
    const space = this.#rows.space(namespace);
    if (space !== undefined) for (const key of space.keys()) yield this.#keyCell(space, key);
  }

  protected cellOf(namespace: number, key: string): KeyCell | undefined {
    const space = this.#rows.space(namespace);
    this.#key.set(key);
    const known = space === undefined ? 0 : space.find(this.#key);
    return known === 0 ? undefined : this.#keyCell(space!, known);
  }

  protected override ofOne(namespace: number, wanted: Wanted): Iterable<KeyCell> {
    const space = this.#rows.space(namespace);
    return space === undefined ? [] : this.#inOrder(space, Int32Array.from(space.keys()), wanted);
  }

  changedIn(namespaces: readonly number[]): Iterable<KeyCell> {
    const [only, ...others] = namespaces;
    if (only !== undefined && others.length === 0) {
      const changed = this.#changed.get(only);
      const space = this.#rows.space(only);
      if (changed === undefined || space === undefined) return [];
      return this.#inOrder(space, changed.all().slice(), () => true);
    }
    const keys = new Set<string>();
    for (const namespace of namespaces) {
      const space = this.#rows.space(namespace);
      if (space !== undefined) for (const key of this.#changed.get(namespace)?.all() ?? []) keys.add(space.textOf(key));
    }
    return this.mergedOf(namespaces, keys);
  }

  /** One after the other, so that not all of them are there at once. @param keys which may be sorted */
  *#inOrder(space: RankedSpace, keys: Int32Array, wanted: Wanted): Generator<KeyCell, void> {
    if (space.isOrdered) keys.sort();
    else keys.sort((a, b) => space.firstOf(a) - space.firstOf(b) || (space.textOf(a) < space.textOf(b) ? -1 : 1));
    for (const key of keys) if (wanted(space.groupOf(key))) yield this.#keyCell(space, key);
  }

  #keyCell(space: RankedSpace, key: number): KeyCell {
    return { key: space.textOf(key), group: space.groupOf(key), value: this.#cell(space, key) };
  }

  #cell(space: RankedSpace, key: number): Cell {
    const rows: Placed[] = [];
    for (let row = space.lastOf(key); row !== 0; row = space.before(row)) rows.push(new ShownRow(this.#ranking, space, row));
    return { first: space.firstOf(key), last: space.latestOf(key), accs: [rows.reverse()] };
  }

  // ── emissions

  recall(namespace: number, { update }: Emissions): void {
    const space = this.#rows.space(namespace);
    if (space === undefined || update.length === 0) return;
    for (const key of space.keys())
      if (update.some(({ emitted }) => space.latestOf(key) > emitted.of(space.groupOf(key)))) this.#note(space, key);
  }

  emitted({ update }: Emissions): void {
    if (update.some(({ emitted }) => emitted.least < this.ordinal)) return;
    this.#changed.clear();
    this.#round++;
  }

  drop(namespace: number): void {
    this.#changed.delete(namespace);
    this.#rows.drop(namespace);
  }
}

/** A row where it lies. */
class ShownRow implements Placed {
  readonly ordinal: number;
  readonly row: RowBytes;
  readonly #length: number;
  readonly #ranking: Ranking;

  constructor(ranking: Ranking, space: RankedSpace, row: number) {
    this.#ranking = ranking;
    this.ordinal = space.ordinalOf(row);
    this.row = { memory: space.memoryOf(row), at: space.bytesOf(row) };
    this.#length = space.ownBytes(row);
  }

  get by(): readonly unknown[] {
    return this.#ranking.byOf(this.row);
  }

  /** The same with its row for itself. */
  own(): Placed {
    const { memory, at } = this.row;
    return { ordinal: this.ordinal, by: this.by, row: latin1Slice(memory.bytes, at, at + this.#length) };
  }
}

function ownCell({ first, last, accs }: Cell): Cell {
  return { first, last, accs: [(accs[0] as ShownRow[]).map((row) => row.own())] };
}
