import { Lane } from './lane.ts';

/** Tasks of one name run one after another; those of different names beside each other. */
export class Turns {
  readonly #lanes = new Map<string, { readonly lane: Lane; tasks: number }>();

  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const entry = this.#lanes.get(name) ?? { lane: new Lane(), tasks: 0 };
    this.#lanes.set(name, entry);
    entry.tasks += 1;
    try {
      return await entry.lane.run(task);
    } finally {
      entry.tasks -= 1;
      if (entry.tasks === 0) this.#lanes.delete(name);
    }
  }
}
