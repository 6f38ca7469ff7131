/** Keys and whole namespaces of which a newer chunk has said that they are gone, while older chunks are read. */
export class GoneKeys {
  readonly #places = new Map<string, GonePlace>();

  place(table: string, group: number): GonePlace {
    const name = `${group}/${table}`;
    const known = this.#places.get(name) ?? new GonePlace();
    this.#places.set(name, known);
    return known;
  }
}

/** What is gone of one table in one key group. */
export class GonePlace {
  readonly #namespaces = new Set<number>();
  readonly #keys = new Map<number, Set<string>>();

  has(namespace: number, key: string): boolean {
    return this.#namespaces.has(namespace) || this.#keys.get(namespace)?.has(key) === true;
  }

  add(namespace: number, key: string): void {
    const keys = this.#keys.get(namespace);
    if (keys === undefined) this.#keys.set(namespace, new Set([key]));
    else keys.add(key);
  }

  addNamespace(namespace: number): void {
    this.#namespaces.add(namespace);
  }
}
