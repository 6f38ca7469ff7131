/**
 * Journals in LevelDB: one key per entry, in the order of its sequence.
 *
 * Keys: `j!<name>!<sequence>` an entry, `r!<name>` what was released. Invariants: S15 sequences of a journal have no holes:
 * a missing entry between the released ones and the end is damage, and so is an end below the one that the marker knows.
 */
import { invariant, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { Journal, JournalEntry, JournalExtent } from '../ports.ts';
import type { CommittedMarker } from './committed-marker.ts';
import { batchBytesMax, type Write } from './group-commit.ts';
import { Lane } from '../lane.ts';
import type { LevelDatabase } from './level-database.ts';
import { seal, unseal } from '../sealed.ts';

const batchEntriesMax = 4096;
const releaseEntriesMax = 1024;

const entriesOf = (name: string): string => `j!${name}!`;
const entryKey = (name: string, sequence: number): string => `${entriesOf(name)}${sequence.toString().padStart(16, '0')}`;
const releasedKey = (name: string): string => `r!${name}`;

interface Extent {
  first: number;
  end: number;
  /** Appends and releases of one journal take turns, so that its order is the order of the calls. */
  readonly turns: Lane;
}

export class LevelJournal implements Journal {
  readonly #database: LevelDatabase;
  readonly #marker: CommittedMarker;
  readonly #extents = new Map<string, Promise<Extent>>();

  constructor(database: LevelDatabase, marker: CommittedMarker) {
    this.#database = database;
    this.#marker = marker;
  }

  async append(name: string, values: readonly Uint8Array[]): Promise<number> {
    const extent = await this.#extent(name);
    return extent.turns.run(async () => {
      const first = extent.end;
      for (const batch of batches(name, first, values)) {
        await this.#database.write(batch);
        extent.end += batch.length;
        this.#marker.noteJournalEnd(name, extent.end);
      }
      return first;
    });
  }

  async read(name: string, sequence: number, limit: number): Promise<readonly JournalEntry[]> {
    const { first, end } = await this.#extent(name);
    if (sequence < first) throw damaged(name, `entry ${sequence} was released, the first is ${first}`);
    if (sequence > end) throw damaged(name, `it ends at ${end}, before entry ${sequence}`);
    const keys: string[] = [];
    for (let at = sequence; at < Math.min(end, sequence + limit); at++) keys.push(entryKey(name, at));
    const values = await this.#database.read(keys, `journal ${name}`);
    return values.map((sealed, i) => {
      const value = sealed === undefined ? undefined : unseal(keys[i]!, sealed);
      if (value === undefined) throw damaged(name, `entry ${sequence + i} is missing or was changed`);
      return { sequence: sequence + i, value };
    });
  }

  async end(name: string): Promise<number> {
    return (await this.#extent(name)).end;
  }

  async release(name: string, sequence: number): Promise<void> {
    const extent = await this.#extent(name);
    await extent.turns.run(async () => {
      const before = Math.min(sequence, extent.end);
      // The end must survive the last entry: what was released is written with the first deletion.
      while (extent.first < before) {
        const to = Math.min(before, extent.first + releaseEntriesMax);
        const writes: Write[] = [{ type: 'put', key: releasedKey(name), value: sealNumber(releasedKey(name), to) }];
        for (let at = extent.first; at < to; at++) writes.push({ type: 'del', key: entryKey(name, at) });
        extent.first = to;
        await this.#database.write(writes);
      }
    });
  }

  async list(): Promise<readonly JournalExtent[]> {
    const released = await this.#database.keys('r!', 'r!\uffff', 'journals');
    const names = new Set(released.map((key) => key.slice(2)));
    // One key per journal is enough, however many entries it has.
    for (let after = 'j!'; ; ) {
      const next = await this.#database.firstKey(after, 'j!\uffff', 'journals');
      if (next === undefined) break;
      const name = next.slice(2, -17);
      names.add(name);
      after = `${entriesOf(name)}\uffff`;
    }
    return Promise.all([...names].sort().map(async (name) => ({ name, ...(await this.#bounds(name)) })));
  }

  async begin(name: string, sequence: number): Promise<void> {
    const extent = await this.#extent(name);
    await extent.turns.run(async () => {
      invariant(extent.end === 0, `S15: journal ${name} has begun already`);
      await this.#database.write([{ type: 'put', key: releasedKey(name), value: sealNumber(releasedKey(name), sequence) }]);
      extent.first = sequence;
      extent.end = sequence;
      this.#marker.noteJournalEnd(name, sequence);
    });
  }

  async #bounds(name: string): Promise<{ first: number; end: number }> {
    const { first, end } = await this.#extent(name);
    return { first, end };
  }

  #extent(name: string): Promise<Extent> {
    const known = this.#extents.get(checkStoreName(name));
    if (known !== undefined) return known;
    const found = this.#find(name);
    this.#extents.set(name, found);
    found.catch(() => this.#extents.delete(name));
    return found;
  }

  async #find(name: string): Promise<Extent> {
    const [sealed] = await this.#database.read([releasedKey(name)], `journal ${name}`);
    const first = sealed === undefined ? 0 : unsealNumber(releasedKey(name), sealed);
    if (first === undefined) throw damaged(name, 'its beginning was changed');
    const last = await this.#database.lastKey(entriesOf(name), `${entriesOf(name)}\uffff`, `journal ${name}`);
    const end = last === undefined ? first : Math.max(first, Number(last.slice(-16)) + 1);
    if (!Number.isSafeInteger(end)) throw damaged(name, 'an entry has no sequence');
    if (end < this.#marker.journalEnd(name))
      throw damaged(name, `it ends at ${end}, but ${this.#marker.journalEnd(name)} entries were written`);
    return { first, end, turns: new Lane() };
  }
}

function* batches(name: string, first: number, values: readonly Uint8Array[]): Generator<Write[]> {
  let batch: Write[] = [];
  let bytes = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (batch.length > 0 && (bytes + value.length > batchBytesMax || batch.length === batchEntriesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    const key = entryKey(name, first + i);
    batch.push({ type: 'put', key, value: seal(key, value) });
    bytes += value.length;
  }
  if (batch.length > 0) yield batch;
}

function sealNumber(key: string, value: number): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setFloat64(0, value);
  return seal(key, payload);
}

function unsealNumber(key: string, sealed: Uint8Array): number | undefined {
  const payload = unseal(key, sealed);
  return payload?.length === 8 ? new DataView(payload.buffer, payload.byteOffset, 8).getFloat64(0) : undefined;
}

function damaged(name: string, what: string): WeirError {
  return new WeirError('E_STATE_DAMAGED', `journal ${name}: ${what}`);
}
