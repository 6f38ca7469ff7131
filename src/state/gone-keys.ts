/** Keys and whole namespaces of which a newer chunk has said that they are gone, while older chunks are read. */
export class GoneKeys {
  readonly #namespaces = new Map<string, Set<number>>();
  readonly #keys = new Map<string, Map<number, Set<string>>>();

  has(table: string, group: number, namespace: number, key: string): boolean {
    const place = placeOf(table, group);
    return this.#namespaces.get(place)?.has(namespace) === true || this.#keys.get(place)?.get(namespace)?.has(key) === true;
  }

  add(table: string, group: number, namespace: number, key: string): void {
    const place = placeOf(table, group);
    const namespaces = orNew(this.#keys, place, () => new Map<number, Set<string>>());
    orNew(namespaces, namespace, () => new Set<string>()).add(key);
  }

  addNamespace(table: string, group: number, namespace: number): void {
    orNew(this.#namespaces, placeOf(table, group), () => new Set<number>()).add(namespace);
  }
}

const placeOf = (table: string, group: number): string => `${group}/${table}`;

function orNew<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
