/**
 * One row from each row, by a function of the user's that asks outside.
 *
 * Owns: its state, which is the rows whose answers have not gone on: they are called for again after a restore, and the watermark that has. Talks through: `OutsideCalls` (the function),
 * `RowsUnderWay` (order). A barrier passes rows that are under way; only the last one of a run waits for them. Answers go on when the operator is
 * told the time, and with a barrier.
 * In a source's stage the rows lie with their splits, so that they stay before those that are read of it later; elsewhere with the first of the key groups.
 * Invariants: MA3 a row has one answer, or is set aside, once, in the epoch in which it goes on; MA4 a watermark goes on behind the rows that came before it.
 */
import { type Batch, BatchBuilder } from '../batch/index.ts';
import type { MapAsyncNode } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import { carriedSystem } from './carried-system.ts';
import { setAside } from './dead-rows.ts';
import type { Load, Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { OutsideCalls } from './outside-calls.ts';
import { restoredWatermark } from './restored-watermark.ts';
import { Resumable } from './resumable.ts';
import { rowResult } from './row-result.ts';
import { batchesOf, type HeldRow, RowsUnderWay, runsOf } from './rows-under-way.ts';
import { stepRowsMax } from './step-rows.ts';

interface Snapshot {
  /** The last watermark that went on. */
  readonly forwarded: number;
  readonly rows: readonly Uint8Array[];
}

/** Rows that are under way, before the barriers that are on their way have to wait for them. */
const bytesMax = 8 << 20;

class MapAsyncOperator implements Operator {
  /** Which splits come to us is not said by groups; and only what all have given on has gone on before each of them. */
  readonly restoresFromAll = true;
  readonly forwardsItself = true;
  readonly #node: MapAsyncNode;
  readonly #held: RowsUnderWay;
  readonly #builder: BatchBuilder;
  readonly #work = new Resumable();
  readonly #closing = new AbortController();
  #context!: OperatorContext;
  #calls!: OutsideCalls;
  #forwarded = -Infinity;
  /** After a restore it goes on once more, before the rows that are under way: whoever comes next has had it. */
  #owes = false;

  constructor(node: MapAsyncNode) {
    this.#node = node;
    this.#held = new RowsUnderWay(node.spec.ordered);
    this.#builder = new BatchBuilder(node.schema);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#calls = new OutsideCalls(this.#node.spec, {
      clock: context.clock,
      signal: this.#closing.signal,
      code: 'E_CALL',
    });
  }

  start(): void {
    for (const row of this.#held.all()) this.#ask(row);
  }

  get load(): Load {
    if (this.#held.length < this.#node.spec.concurrency) return 'free';
    return this.#held.bytes < bytesMax ? 'full' : 'overfull';
  }

  process(batch: Batch): Step {
    // Out of order a stamp says nothing of the rows that come after it.
    const rows = this.#node.spec.ordered ? batch : withoutAdvances(batch);
    for (const row of this.#held.add(rows)) this.#ask(row);
    return 'done';
  }

  onWatermark(watermark: number, out: Output): Step {
    this.#held.sign({ watermark });
    this.#passSigns(out);
    return 'done';
  }

  onIdle(idle: boolean, out: Output): void {
    this.#held.sign({ idle });
    this.#passSigns(out);
  }

  get dueAt(): number | undefined {
    return this.#held.hasNext ? -Infinity : undefined;
  }

  onTime(_now: number, out: Output): Step {
    return this.#work.step(() => this.#goOn(out));
  }

  onBarrier({ last }: Barrier, out: Output): Step {
    this.#passSigns(out);
    const step = this.#work.step(() => this.#goOn(out));
    if (step !== 'done' || last === undefined) return step;
    return this.#held.length === 0 ? 'done' : 'wait';
  }

  snapshot(): Snapshot {
    return { forwarded: this.#forwarded, rows: this.#held.snapshot() };
  }

  restore(parts: readonly RestoredPart[]): void {
    const { splits, ownedGroups } = this.#context;
    const [from, to] = ownedGroups;
    this.#forwarded = restoredWatermark(parts, ({ forwarded }: Snapshot) => forwarded);
    const isOurs = ({ groups }: RestoredPart): boolean => groups[0] >= from && groups[0] < to;
    const ours = parts.filter(isOurs);
    const isOne = splits === undefined ? ours.length === 1 && isSame(ours[0]!.groups, ownedGroups) : splits.length === 1;
    for (const part of parts) {
      for (const batch of batchesOf((part.value as Snapshot).rows)) {
        const split = batch.system.origin?.split;
        if (splits === undefined || split === undefined ? !isOurs(part) : !splits.includes(split)) continue;
        // What comes from several subtasks has no one order of time.
        this.#held.add(isOne ? batch : withoutAdvances(batch));
      }
    }
    this.#owes = this.#held.length > 0 && this.#forwarded > -Infinity;
  }

  close(): void {
    this.#closing.abort(new Error('the subtask is closed'));
  }

  #ask(row: HeldRow): void {
    const { fn } = this.#node;
    const asked = this.#calls.ask({
      what: 'the call',
      once: async (context) => rowResult(this.#node, await fn(row.batch.row(row.i) as never, context)),
    });
    asked.then(
      (result) => this.#answered(row, { row: result }),
      (error: unknown) => this.#answered(row, { error }),
    );
  }

  #answered(row: HeldRow, answer: NonNullable<HeldRow['answer']>): void {
    if (this.#closing.signal.aborted) return;
    this.#held.answered(row, answer);
    if (this.#held.hasNext) this.#context.wake();
  }

  *#goOn(out: Output): Generator<void, void> {
    while (this.#held.hasNext) {
      this.#passSigns(out);
      const rows = this.#held.takeRows(stepRowsMax);
      if (rows.length === 0) continue;
      for (const run of runsOf(rows)) this.#emit(run.batch, run.rows, out);
      if (out.full === true || rows.length === stepRowsMax) yield;
    }
  }

  #passSigns(out: Output): void {
    if (this.#owes) out.watermark(this.#forwarded);
    this.#owes = false;
    for (const sign of this.#held.takeSigns()) {
      if ('idle' in sign) out.idle(sign.idle);
      else {
        this.#forwarded = Math.max(this.#forwarded, sign.watermark);
        out.watermark(sign.watermark);
      }
    }
  }

  #emit(batch: Batch, rows: readonly HeldRow[], out: Output): void {
    const from: number[] = [];
    for (const { i, answer } of rows) {
      try {
        if ('error' in answer!) throw answer.error;
        this.#builder.append(answer!.row);
        from.push(i);
      } catch (thrown) {
        setAside(this.#context, this.#node.site, batch, i, thrown);
      }
    }
    if (from.length > 0) out.emit(this.#builder.build(carriedSystem(batch, from)));
  }
}

const isSame = (a: readonly [number, number], b: readonly [number, number]): boolean => a[0] === b[0] && a[1] === b[1];

const withoutAdvances = (batch: Batch): Batch =>
  batch.system.advances === true ? batch.withSystem({ ...batch.system, advances: false }) : batch;

export function mapAsyncOperator(node: MapAsyncNode): Operator {
  return new MapAsyncOperator(node);
}
