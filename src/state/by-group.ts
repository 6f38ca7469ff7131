/** Rows of several lists in the order of their key groups, as a snapshot has them, and within a group in the order of the lists. */

export interface ByGroup {
  readonly rows: Int32Array;
  /** Of each row which list it is from. */
  readonly lists: Int32Array;
  /** Where each group begins, and at last where all end. */
  readonly starts: Int32Array;
}
type Visit = (list: number, row: number, group: number) => void;

/**
 * @param countMax no more rows come
 * @param each calls for every row
 */
export function byGroup(groups: number, countMax: number, each: (visit: Visit) => void): ByGroup {
  const came = { rows: new Int32Array(countMax), lists: new Int32Array(countMax), groups: new Int32Array(countMax) };
  const starts = new Int32Array(groups + 1);
  let count = 0;
  each((list, row, group) => {
    came.rows[count] = row;
    came.lists[count] = list;
    came.groups[count++] = group;
    starts[group + 1]!++;
  });
  for (let group = 1; group <= groups; group++) starts[group]! += starts[group - 1]!;
  const sorted = { rows: new Int32Array(count), lists: new Int32Array(count), starts };
  const next = starts.slice();
  for (let i = 0; i < count; i++) {
    const to = next[came.groups[i]!]!++;
    sorted.rows[to] = came.rows[i]!;
    sorted.lists[to] = came.lists[i]!;
  }
  return sorted;
}

/** Which of these namespaces a group needs to know as dropped. @param bit the group, counted from the first owned one */
export function dropsOf(drops: ReadonlyMap<number, Uint32Array>, bit: number): number[] {
  return [...drops].filter(([, groups]) => (groups[bit >>> 5]! & (1 << (bit & 31))) !== 0).map(([namespace]) => namespace);
}
