/**
 * Cells in a stream: the last message of a subject, moved by expecting its sequence.
 *
 * A server that lost its last seconds in a power cut counts on from an older sequence, and a revision may come again with another value.
 * Invariants: S14 a cell whose known revision is not there any more, or has another nonce, is damage: nothing is written over it.
 */
import { WeirError } from '../../core/index.ts';
import type { PointerStore, Versioned } from '../ports.ts';
import type { StoreNames } from './store-names.ts';
import type { Stored, StoreStream, Written } from './store-stream.ts';

export class NatsPointers implements PointerStore {
  readonly #stream: StoreStream;
  readonly #names: StoreNames;
  readonly #known = new Map<string, Written>();

  constructor(stream: StoreStream, names: StoreNames) {
    this.#stream = stream;
    this.#names = names;
  }

  async read(name: string): Promise<Versioned | null> {
    const found = await this.#read(name);
    return found === null ? null : { revision: found.sequence, value: found.bytes };
  }

  async compareAndSet(name: string, expected: number, value: Uint8Array): Promise<number | null> {
    await this.#read(name); // S14: a revision alone may mean another value by now
    const written = await this.#stream.write(this.#names.cellSubject(name), value, expected);
    if (written === null) return null;
    this.#known.set(name, written);
    return written.sequence;
  }

  async #read(name: string): Promise<Stored | null> {
    const found = await this.#stream.read({ last_by_subj: this.#names.cellSubject(name) });
    const known = this.#known.get(name);
    if (
      known !== undefined &&
      ((found?.sequence ?? 0) < known.sequence || (found?.sequence === known.sequence && found.nonce !== known.nonce))
    ) {
      throw new WeirError('E_STATE_DAMAGED', `cell ${name} was rewound: the NATS server has lost what it had confirmed`, {
        hint: 'a power cut of the server, without sync_interval: always; what was published since may come again with --fresh',
      });
    }
    if (found !== null) this.#known.set(name, found);
    return found;
  }
}
