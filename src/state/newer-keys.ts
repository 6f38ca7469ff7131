/** Keys and whole namespaces of which a newer chunk has said what became of them, while older chunks are read. */
export class NewerKeys {
  readonly #places = new Map<string, NewerPlace>();

  place(table: string, group: number): NewerPlace {
    const name = `${group}/${table}`;
    const known = this.#places.get(name) ?? new NewerPlace();
    this.#places.set(name, known);
    return known;
  }
}

/** Those of one table in one key group. */
export class NewerPlace {
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
