/** What the data path is tested with: rows that are numbers, operators that write down what they see, targets that hold. */
import { expect } from 'vitest';
import { type Batch, batchOf, batchSchema } from '../../src/batch/index.ts';
import type { Inputs } from '../../src/actors/assembly.ts';
import type { Item, ItemTarget } from '../../src/actors/chain.ts';
import type { Task, TaskEvents } from '../../src/actors/task.ts';
import { epoch, operatorId } from '../../src/core/index.ts';
import type { Operator, Output, Step } from '../../src/operators/index.ts';
import type { OutputRoute, PlannedOperator } from '../../src/plan/index.ts';
import type { Barrier } from '../../src/progress/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { source } from '../plan/nodes.ts';

export const numbers = batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]);
export const batch = (...values: number[]): Batch =>
  batchOf(
    numbers,
    values.map((n) => ({ n })),
  );
export const valuesOf = (batch: Batch): number[] => Array.from({ length: batch.length }, (_, i) => batch.value('n', i) as number);
export const barrier = (n: number, last?: 'stop' | 'end'): Barrier => ({
  epoch: epoch(n),
  time: n * 1000,
  due: [],
  ...(last === undefined ? {} : { last }),
});

export const inputsOver = (receivers: Inputs['receivers'], some: Partial<Inputs> = {}): Inputs => ({
  receivers,
  barren: [],
  timeless: [],
  first: [],
  sides: receivers.map(() => 0),
  ...some,
});

const nothing = (): void => undefined;
const noEvents: TaskEvents = {
  barrierPassed: nothing,
  exhausted: nothing,
  reached: nothing,
  hurry: nothing,
  background: () => false,
  mayFreeze: () => true,
  mayTake: () => true,
  deadRecords: nothing,
  failed: nothing,
};
/** What a task is made of that a test does not look at. */
export const taskBase = {
  name: '1/0',
  depth: 0,
  events: noEvents,
  epochBytesMax: 1000,
  watermark: Number.NEGATIVE_INFINITY,
  clock: new VirtualClock(0),
  wake: nothing,
};
export function steps(task: Task): void {
  for (let i = 0; task.step(); i++) expect(i, 'a task comes to rest').toBeLessThan(1000);
}

/** An item or frame in a word: `1,2`, `w5`, `b1`, `idle`, `active`, `split a idle`, `end`. */
export function brief(item: Item | { readonly kind: 'data'; readonly batch: Batch }): string {
  switch (item.kind) {
    case 'batch':
    case 'data':
      return valuesOf(item.batch).join(',');
    case 'watermark':
      return `w${item.watermark}`;
    case 'barrier':
      return `b${item.barrier.epoch}${item.barrier.last === undefined ? '' : ` ${item.barrier.last}`}`;
    case 'idle':
      return item.idle ? 'idle' : 'active';
    case 'split':
      return `split ${item.event.split} ${item.event.state}${item.event.watermark === undefined ? '' : ` w${item.event.watermark}`}`;
    case 'time':
      return `time ${item.now}`;
    case 'end':
    case 'first read':
      return item.kind;
  }
}

/** An edge that takes everything, until it is told to be full. */
export class Sink implements ItemTarget {
  readonly got: string[] = [];
  ready = true;

  push(item: Item): void {
    this.got.push(brief(item));
  }
}

export const toOperator = (index: number, port = 'main'): OutputRoute => ({ port, to: { kind: 'operator', index } });
export const toEdge = (edge: number, port = 'main'): OutputRoute => ({ port, to: { kind: 'edge', edge } });
export const planned = (id: string, ...outputs: OutputRoute[]): PlannedOperator => ({
  id: operatorId(id),
  label: id,
  node: source(),
  emissions: [],
  outputs,
  state: null,
});

type Behaviour = { readonly [Call in 'process' | 'onWatermark' | 'onBarrier']?: (out: Output, call: number) => Step };

/** Passes rows on and writes down every call as `name:item`; a behaviour answers instead. */
export class Recorder implements Operator {
  readonly #name: string;
  readonly #log: string[];
  readonly #behaviour: Behaviour;
  readonly #calls = { process: 0, onWatermark: 0, onBarrier: 0 };
  advanced: number[] = [];

  constructor(name: string, log: string[], behaviour: Behaviour = {}) {
    this.#name = name;
    this.#log = log;
    this.#behaviour = behaviour;
  }

  process(batch: Batch, out: Output, advanceTo: (row: number) => number): Step {
    this.#log.push(`${this.#name}:${valuesOf(batch).join(',')}`);
    this.advanced = Array.from({ length: batch.length }, (_, row) => advanceTo(row));
    return this.#answer('process', out, () => out.emit(batch));
  }

  onWatermark(watermark: number, out: Output): Step {
    this.#log.push(`${this.#name}:w${watermark}`);
    return this.#answer('onWatermark', out);
  }

  onBarrier({ epoch }: Barrier, out: Output): Step {
    this.#log.push(`${this.#name}:b${epoch}`);
    return this.#answer('onBarrier', out);
  }

  #answer(call: keyof Behaviour, out: Output, otherwise: () => void = () => {}): Step {
    const behaviour = this.#behaviour[call];
    if (behaviour !== undefined) return behaviour(out, this.#calls[call]++);
    otherwise();
    return 'done';
  }
}
