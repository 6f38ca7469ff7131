/**
 * Virtual time: one queue of what happens next, for everybody in a simulated world.
 *
 * Owns: the order of events, and their trace. Between two events all promises that can settle do, so that an event is all that one
 * process does without waiting. Invariants: TL1 events happen by their time, those of one time in the order in which they were planned;
 * TL2 what happens follows from the world's seed alone: equal seeds have equal traces.
 */
import { invariant } from '../../core/index.ts';

export interface Planned {
  cancel(): void;
}
interface Event {
  readonly at: number;
  readonly order: number;
  readonly name: string;
  run: (() => void) | null;
}

const eventsPerTurn = 256;

export class Timeline {
  /** Milliseconds since the world began. */
  now = 0;
  /** Events that happened. */
  happened = 0;
  /** Whose event this is; null: the world's own. */
  atWork: object | null = null;
  #trace = 0x811c9dc5;
  #order = 0;
  readonly #heap: Event[] = [];

  /** @param name of what happens, for the trace */
  after(delayMs: number, name: string, run: () => void): Planned {
    invariant(delayMs >= 0, `TL1: ${name} lies in the future`);
    const event: Event = { at: this.now + delayMs, order: this.#order++, name, run };
    push(this.#heap, event);
    return { cancel: () => void (event.run = null) };
  }

  /** Something that must be the same whenever this seed is lived. */
  note(text: string): void {
    let hash = this.#trace;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    this.#trace = hash;
  }

  /** Of all events so far. */
  get trace(): string {
    return (this.#trace >>> 0).toString(16).padStart(8, '0');
  }

  /**
   * Lets time go by until it is so.
   *
   * @returns false if `mostMs` are over before, or nothing is planned any more
   */
  async until(isSo: () => boolean, mostMs: number): Promise<boolean> {
    const end = this.now + mostMs;
    for (;;) {
      await (this.happened % eventsPerTurn === 0 ? turned() : settled());
      if (isSo()) return true;
      const next = this.#heap[0];
      if (next === undefined) return false;
      if (next.at > end) {
        this.now = end;
        return false;
      }
      const event = pop(this.#heap)!;
      if (event.run === null) continue;
      this.now = event.at;
      this.happened++;
      this.note(`${event.name}@${event.at}`);
      this.atWork = null;
      event.run();
    }
  }
}

/** The machine's own, whatever takes its place while a life is lived. */
const machine = { setImmediate, nextTick: process.nextTick.bind(process), now: performance.now.bind(performance) };
/** ms that really went by. */
export const machineMs = (): number => machine.now();
/**
 * All promises have settled that can: none of ours waits for the machine. What is to be done at the next tick is done once no promise
 * is left to settle, and costs a tenth of a turn of the machine's loop.
 */
const settled = (): Promise<void> => new Promise((resolve) => machine.nextTick(resolve));
/** The machine's own affairs (messages of a parent process, signals) get their turn. */
const turned = (): Promise<void> => new Promise((resolve) => machine.setImmediate(resolve));

// ── a heap by time, then by order

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Event[], event: Event): void {
  let i = heap.length;
  for (heap.push(event); i > 0; ) {
    const parent = (i - 1) >> 1;
    if (!isBefore(event, heap[parent]!)) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = last;
  return first;
}
