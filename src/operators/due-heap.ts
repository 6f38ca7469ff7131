/** What falls due, in the order (time, age, key). Items may be stale: whoever takes one asks the state that it was made from. */
export interface Due {
  readonly at: number;
  /** Age: rises with what is younger. */
  readonly ordinal: number;
  readonly key: string;
}

const compactFrom = 1024;

export class DueHeap<D extends Due = Due> {
  #items: D[] = [];

  /** The earliest. */
  get first(): D | undefined {
    return this.#items[0];
  }

  /** Most of it is stale, if so many are not: fill it anew. */
  isStale(live: number): boolean {
    return this.#items.length > compactFrom && this.#items.length > live * 2;
  }

  fill(items: D[]): void {
    this.#items = items;
    for (let i = (items.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  push(item: D): void {
    const items = this.#items;
    let i = items.push(item) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (compare(items[parent]!, item) <= 0) break;
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = item;
  }

  pop(): void {
    const last = this.#items.pop()!;
    if (this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  #sink(from: number): void {
    const items = this.#items;
    const item = items[from]!;
    let i = from;
    for (let child = i * 2 + 1; child < items.length; child = i * 2 + 1) {
      const right = child + 1;
      const least = right < items.length && compare(items[right]!, items[child]!) < 0 ? right : child;
      if (compare(item, items[least]!) <= 0) break;
      items[i] = items[least]!;
      i = least;
    }
    items[i] = item;
  }
}

function compare(a: Due, b: Due): number {
  return a.at - b.at || a.ordinal - b.ordinal || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}
