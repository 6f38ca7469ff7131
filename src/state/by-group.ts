/** Rows of several lists in the order of their key groups, as a snapshot has them, and within a group in the order of the lists. */

export interface ByGroup {
  readonly rows: Int32Array;
  /** Of each row which list it is from. */
  readonly lists: Int32Array;
  /** Where each group begins, and at last where all end. */
  readonly starts: Int32Array;
}
type Visit = (list: number, row: number, group: number) => void;

/** @param each calls for every row; it is called twice, and says the same both times */
export function byGroup(groups: number, each: (visit: Visit) => void): ByGroup {
  const starts = new Int32Array(groups + 1);
  each((_list, _row, group) => void starts[group + 1]!++);
  for (let group = 1; group <= groups; group++) starts[group]! += starts[group - 1]!;
  const count = starts[groups]!;
  const sorted = { rows: new Int32Array(count), lists: new Int32Array(count), starts };
  const next = starts.slice();
  each((list, row, group) => {
    const to = next[group]!++;
    sorted.rows[to] = row;
    sorted.lists[to] = list;
  });
  return sorted;
}

/** Which of these namespaces a group needs to know as dropped. @param bit the group, counted from the first owned one */
export function dropsOf(drops: ReadonlyMap<number, Uint32Array>, bit: number): number[] {
  return [...drops].filter(([, groups]) => (groups[bit >>> 5]! & (1 << (bit & 31))) !== 0).map(([namespace]) => namespace);
}
