/**
 * Calls of a trigger's functions: what they see of a key, and what they say is to be done.
 *
 * Talks through: `ProcessCalls`, whose state and timers a trigger has. What it sees is the context of a keyed function, but that it cannot emit.
 * Invariants: GW2, GW3 (global-window-operator.ts).
 */
import { batchSchema } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { AggregateNode, ProcessNode, TriggerAction, TriggerSpec } from '../plan/index.ts';
import type { OpenGroup } from './open-group.ts';
import type { OperatorContext } from './operator.ts';
import { ProcessCalls } from './process-calls.ts';

/** Of the context of a keyed function, what is asked for here. */
interface KeyContext {
  readonly state: Readonly<Record<string, { clear(): void; get?(): number | undefined }>>;
  readonly watermark: number;
  readonly now: number;
  setTimer(at: number): void;
  deleteTimer(at: number): void;
  timers(): readonly number[];
  setProcessingTimer(at: number): void;
  deleteProcessingTimer(at: number): void;
  processingTimers(): readonly number[];
}

const actions: ReadonlySet<unknown> = new Set<TriggerAction>(['continue', 'emit', 'purge', 'emit-and-purge']);

export class TriggerCalls {
  readonly calls: ProcessCalls;
  readonly #trigger: TriggerSpec;
  #face: KeyContext | undefined;

  constructor(node: AggregateNode, context: OperatorContext) {
    this.#trigger = node.trigger!;
    this.calls = new ProcessCalls(processNode(node, this.#trigger), context);
  }

  onRow(row: object): TriggerAction {
    return this.#asked((face) => this.#trigger.onRow(row as never, face as never));
  }

  onTimer(at: number): TriggerAction {
    return this.#asked((face) => this.#trigger.onTimer?.(at as never, face as never) ?? 'continue');
  }

  onProcessingTimer(at: number): TriggerAction {
    return this.#asked((face) => this.#trigger.onProcessingTimer?.(at as never, face as never) ?? 'continue');
  }

  /** The key at hand has nothing any more. */
  clear(): void {
    this.calls.run((context: KeyContext) => {
      for (const each of Object.values(context.state)) each.clear();
      for (const at of context.timers()) context.deleteTimer(at);
      for (const at of context.processingTimers()) context.deleteProcessingTimer(at);
    });
  }

  /** For people, between calls: how many rows have come, of how many. */
  rowsOf(key: string): Pick<OpenGroup, 'rows' | 'ofRows'> {
    const { counted } = this.#trigger;
    if (counted === undefined) return {};
    let rows = 0;
    this.calls.select(key);
    this.calls.run(({ state }: KeyContext) => {
      rows = state[counted.state]?.get?.() ?? 0;
    });
    return { rows, ofRows: counted.rows };
  }

  #asked(ask: (face: KeyContext) => unknown): TriggerAction {
    let action: TriggerAction = 'continue';
    this.calls.run((context: KeyContext) => {
      this.#face ??= faceOver(context);
      action = this.#checked(ask(this.#face));
    });
    return action;
  }

  #checked(action: unknown): TriggerAction {
    if (!actions.has(action))
      throw new WeirError('E_VALUE', `a trigger says 'continue', 'emit', 'purge' or 'emit-and-purge', not ${inWords(action)}`);
    if (action === 'emit' && this.#trigger.keeps !== true)
      throw new WeirError('E_VALUE', "a trigger whose results are final says 'emit-and-purge', not 'emit'", {
        hint: "declare it with results: 'running', and write its results in update or complete",
      });
    return action as TriggerAction;
  }
}

const inWords = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));

function processNode({ input, site }: AggregateNode, { state, onTimer, onProcessingTimer }: TriggerSpec): ProcessNode {
  const nothing = (): void => undefined;
  return {
    kind: 'process',
    input,
    site,
    schema: batchSchema([]),
    key: { column: '' },
    state,
    onRow: nothing,
    ...(onTimer === undefined ? {} : { onTimer: nothing }),
    ...(onProcessingTimer === undefined ? {} : { onProcessingTimer: nothing }),
  };
}

function faceOver(context: KeyContext): KeyContext {
  const { state, setTimer, deleteTimer, timers, setProcessingTimer, deleteProcessingTimer, processingTimers } = context;
  return {
    state,
    get watermark(): number {
      return context.watermark;
    },
    get now(): number {
      return context.now;
    },
    setTimer,
    deleteTimer,
    timers,
    setProcessingTimer,
    deleteProcessingTimer,
    processingTimers,
  };
}
