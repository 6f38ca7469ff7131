/**
 * The sessions of an aggregation: rows in, closed sessions out.
 *
 * Owns: each key's open sessions in one state table, a heap of their ends, or of ends that they had, which is rebuilt at a restore, and the
 * closed ones in another where a complete result wants them. Does not own: when sessions close, and where their rows go (session-operator.ts).
 * Invariants: SE1 open sessions of a key neither overlap nor touch; SE2 a session is what its rows make of it in any order in which
 * none of them comes after it has closed; SE3 sessions that close together come in the order (end, first row, key).
 */
import { ByteReader, ByteWriter, hashKey, keyGroupOf } from '../batch/index.ts';
import type { StateTable, TableEntry, ValueCodec } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import type { Cell } from './cell.ts';
import { type Due, DueHeap } from './due-heap.ts';
import type { OperatorContext } from './operator.ts';
import { PerGroup } from './per-group.ts';

/** An interval of a session that went out on a port, and has not been taken back. */
export interface Shown {
  readonly port: string;
  readonly start: number;
  readonly end: number;
}
export interface Session extends Cell {
  start: number;
  /** The latest of its rows' times and gaps. */
  end: number;
  shown: readonly Shown[];
}
/** A session and whose it is. */
export type KeySession = TableEntry<Session>;

export interface SessionsOptions {
  readonly accumulators: Accumulators;
  readonly context: OperatorContext;
  /** Closed sessions are wanted again. */
  readonly keepsClosed: boolean;
}

export class SessionState {
  readonly accumulators: Accumulators;
  readonly fired: PerGroup;
  /** Ordinal of the last row. */
  ordinal = 0;
  readonly #context: OperatorContext;
  readonly #codec: ValueCodec<Session[]>;
  readonly #table: StateTable<Session[]>;
  /** By their ends. */
  readonly #closed: StateTable<Session[]> | undefined;
  readonly #heap = new DueHeap();
  #live = 0;

  constructor({ accumulators, context, keepsClosed }: SessionsOptions) {
    this.accumulators = accumulators;
    this.#context = context;
    this.#codec = sessionsCodec(accumulators.codec);
    this.#table = context.table('sessions', this.#codec);
    this.#closed = keepsClosed ? context.table('closed sessions', this.#codec) : undefined;
    this.fired = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  groupOf(key: string): number {
    return keyGroupOf(hashKey(key), this.#context.keyGroups);
  }

  /** Takes a row into the session that it belongs to, or makes it of several. Throws what a custom aggregate throws; guarded, nothing has changed then. */
  add(key: string, group: number, start: number, end: number, values: readonly unknown[]): void {
    const before = this.#table.modify(0, key);
    const ordinal = this.ordinal + 1;
    if (before?.length === 1 && touches(before[0]!, start, end) && !this.#context.guarded) {
      this.#grow(before[0]!, start, end, values, ordinal);
      return;
    }
    const touching = (before ?? []).filter((session) => touches(session, start, end));
    const session = this.#sessionOf(touching, start, end, ordinal);
    this.#grow(session, start, end, values, ordinal);
    this.#live += 1 - touching.length;
    if (before === undefined) this.#table.put(0, key, group, [session]);
    else before.splice(0, before.length, ...before.filter((each) => !touching.includes(each)), session);
    if (touching.length === 0) this.#due({ at: session.end, ordinal: session.first, key });
  }

  /** Nothing has changed if this throws and the session is a copy. */
  #grow(session: Session, start: number, end: number, values: readonly unknown[], ordinal: number): void {
    this.accumulators.accumulate(session, values, ordinal);
    if (start < session.start) session.start = start;
    if (end > session.end) session.end = end;
    this.ordinal = ordinal;
  }

  /** The one session that a row touches, all that it touches as one, or a new one. */
  #sessionOf(touching: readonly Session[], start: number, end: number, ordinal: number): Session {
    const [only, ...others] = touching.toSorted((a, b) => a.first - b.first);
    if (only === undefined) {
      const { first, last, accs } = this.accumulators.newCell(ordinal);
      return { first, last, accs, start, end, shown: [] };
    }
    if (others.length === 0) return this.#context.guarded ? this.#copy(only) : only;
    return others.reduce(
      (one, other) => ({
        ...this.accumulators.merge(one, other),
        start: Math.min(one.start, other.start),
        end: Math.max(one.end, other.end),
        shown: [...one.shown, ...other.shown],
      }),
      only,
    );
  }

  /** Closes the sessions of a key that end by then. */
  closeOf(key: string, watermark: number): readonly KeySession[] {
    const sessions = this.#table.get(0, key);
    if (sessions === undefined || (sessions.length === 1 && sessions[0]!.end > watermark)) return none;
    const due = sessions.filter(({ end }) => end <= watermark).toSorted(inOrder);
    return due.map((session) => this.#close(key, session));
  }

  /** Closes the first session of any key that ends by then. */
  closeNext(watermark: number): KeySession | undefined {
    const end = this.nextEnd;
    if (end === undefined || end > watermark) return undefined;
    const first = this.#heap.first!;
    this.#heap.pop();
    return this.#close(first.key, this.#sessionDue(first)!);
  }

  /** The end of the session that closes first; undefined where none is open. */
  get nextEnd(): number | undefined {
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      const session = this.#sessionDue(first);
      if (session?.end === first.at) return first.at;
      this.#heap.pop();
      if (session !== undefined) this.#heap.push({ at: session.end, ordinal: first.ordinal, key: first.key });
    }
    return undefined;
  }

  /** The open sessions of a key, in order. */
  openOf(key: string): readonly KeySession[] {
    const group = this.groupOf(key);
    return (this.#table.get(0, key) ?? []).toSorted(inOrder).map((value) => ({ key, group, value }));
  }

  /** All open sessions, and the closed ones that are kept, in order. */
  all(): readonly KeySession[] {
    const all = [...sessionsIn(this.#table, 0)];
    if (this.#closed !== undefined) for (const end of this.#closed.namespaces()) all.push(...sessionsIn(this.#closed, end));
    return all.sort((a, b) => inOrder(a.value, b.value) || (a.key < b.key ? -1 : 1));
  }

  /** These intervals of an open session are what has gone out. */
  show(key: string, session: Session, shown: readonly Shown[]): void {
    this.#table.modify(0, key)!.find((each) => isSame(each, session))!.shown = shown;
  }

  /** After a restore: what lies beside the table. */
  recall(each: (session: KeySession) => void): void {
    const due: Due[] = [];
    for (const session of sessionsIn(this.#table, 0)) {
      due.push({ at: session.value.end, ordinal: session.value.first, key: session.key });
      each(session);
    }
    this.#live = due.length;
    this.#heap.fill(due);
  }

  /** It may have grown since; one that has merged into an older one, or has closed, is none any more. */
  #sessionDue({ ordinal, key }: Due): Session | undefined {
    return this.#table.get(0, key)?.find(({ first }) => first === ordinal);
  }

  #close(key: string, session: Session): KeySession {
    const group = this.groupOf(key);
    const left = this.#table.modify(0, key)!;
    left.splice(
      left.findIndex((each) => isSame(each, session)),
      1,
    );
    if (left.length === 0) this.#table.delete(0, key);
    this.#live--;
    this.#closed?.put(session.end, key, group, [...(this.#closed.get(session.end, key) ?? []), session]);
    return { key, group, value: session };
  }

  #due(item: Due): void {
    if (this.#heap.isStale(this.#live)) this.recall(() => undefined);
    else this.#heap.push(item);
  }

  #copy(session: Session): Session {
    const out = new ByteWriter();
    this.#codec.write(out, [session]);
    return this.#codec.read(new ByteReader(out.finish()))[0]!;
  }
}

const none: readonly KeySession[] = [];

const touches = (session: Session, start: number, end: number): boolean => session.start <= end && start <= session.end;

/** What a table gives may be made anew each time that it is asked. */
const isSame = (a: Session, b: Session): boolean => a.end === b.end && a.first === b.first;

const inOrder = (a: Session, b: Session): number => a.end - b.end || a.first - b.first;

function* sessionsIn(table: StateTable<Session[]>, namespace: number): Iterable<KeySession> {
  for (const { key, group, value } of table.entries(namespace)) for (const session of value) yield { key, group, value: session };
}

function sessionsCodec(cells: ValueCodec<Cell>): ValueCodec<Session[]> {
  return {
    id: `sessions of ${cells.id}`,
    write(out, sessions) {
      out.varint(sessions.length);
      for (const session of sessions) {
        out.f64(session.start);
        out.f64(session.end);
        out.varint(session.shown.length);
        for (const { port, start, end } of session.shown) {
          out.string(port);
          out.f64(start);
          out.f64(end);
        }
        cells.write(out, session);
      }
    },
    read: (from) =>
      Array.from({ length: from.varint() }, () => {
        const [start, end] = [from.f64(), from.f64()];
        const shown = Array.from({ length: from.varint() }, () => ({ port: from.string(), start: from.f64(), end: from.f64() }));
        const { first, last, accs } = cells.read(from);
        return { first, last, accs, start, end, shown };
      }),
  };
}
