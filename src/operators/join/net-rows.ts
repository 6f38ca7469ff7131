/**
 * What becomes of the rows of a result within an epoch: how much more often, or less often, each different one is there.
 *
 * In memory alone: at each barrier all of it goes out. What came and was taken back within the epoch does not.
 */
export interface NetRow {
  /** Bytes of row-form.ts; null: missing. */
  readonly left: Uint8Array | null;
  readonly right: Uint8Array | null;
  times: number;
}

export class NetRows {
  #rows = new Map<string, NetRow>();

  /** @param times above 0: it comes so often, below: it is taken back */
  add(left: Uint8Array | null, right: Uint8Array | null, times: number): void {
    const id = `${left === null ? '-' : left.length}:${latin1(left)}${right === null ? '-' : '+'}${latin1(right)}`;
    const known = this.#rows.get(id);
    if (known !== undefined) known.times += times;
    else this.#rows.set(id, { left, right, times });
  }

  /** Those that are taken back, then those that come; they are forgotten here. */
  take(): readonly NetRow[] {
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return [...rows.filter(({ times }) => times < 0), ...rows.filter(({ times }) => times > 0)];
  }
}

const latin1 = (bytes: Uint8Array | null): string =>
  bytes === null ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
