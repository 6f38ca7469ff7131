/**
 * What cells were when their epoch began, of those that have changed since: what has gone out of them, and is taken back as they change.
 *
 * In memory alone: at each barrier all changes go out, so none is older than its epoch, and no snapshot needs one.
 */
import type { Cell } from './cell.ts';

export class CellImages {
  readonly #images = new Map<number, Map<string, Cell | null>>();
  readonly #copy: (cell: Cell) => Cell;

  constructor(copy: (cell: Cell) => Cell) {
    this.#copy = copy;
  }

  /** Before each change. @param cell as it is; undefined: there is none */
  keep(namespace: number, key: string, cell: Cell | undefined): void {
    let images = this.#images.get(namespace);
    if (images === undefined) this.#images.set(namespace, (images = new Map()));
    if (!images.has(key)) images.set(key, cell === undefined ? null : this.#copy(cell));
  }

  /** Null: there was none. Undefined: it has not changed. */
  of(namespace: number, key: string): Cell | null | undefined {
    return this.#images.get(namespace)?.get(key);
  }

  clear(): void {
    this.#images.clear();
  }
}
