/** What was looked for lately, so that it is found sooner than where it lies. Where hardly anything comes again, most is not looked for here. */

/** Of a few more than that everything was found anew nearly each time. */
const recentMax = 1 << 14;
const foundMin = recentMax >> 2;
const blindFor = recentMax << 3;

export class Recent<K, V extends {}> {
  readonly #known = new Map<K, V>();
  /** How many were found since it was empty. */
  #found = 0;
  /** So many more are not looked for. */
  #blind = 0;

  get(key: K): V | undefined {
    if (this.#blind > 0) {
      this.#blind--;
      return undefined;
    }
    const known = this.#known.get(key);
    if (known !== undefined) this.#found++;
    return known;
  }

  set(key: K, value: V): void {
    if (this.#blind > 0) return;
    if (this.#known.size >= recentMax) this.#forget();
    this.#known.set(key, value);
  }

  delete(key: K): void {
    this.#known.delete(key);
  }

  #forget(): void {
    if (this.#found < foundMin) this.#blind = blindFor;
    this.#known.clear();
    this.#found = 0;
  }
}
