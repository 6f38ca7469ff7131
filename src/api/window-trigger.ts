/** When what a global window holds goes out: by rules, or by functions of one's own. */
import type { TriggerAction, TriggerSpec } from '../plan/index.ts';
import { WeirError } from '../core/index.ts';
import type { ExprNode } from '../expr/index.ts';
import type { Expr } from './expr-types.ts';
import { nodeOf } from './planned-expr.ts';
import type { ProcessContext } from './process-function.ts';
import { stateDeclarations, type StateSpec } from './state-field.ts';

/** `final`: what goes out is purged, so each row is final. `running`: it may stay, so rows are those of now. */
export type TriggerResults = 'final' | 'running';
/** What a trigger says; `emit` only where its results are `running`. */
export type TriggerSays<Results extends TriggerResults> = Results extends 'running'
  ? TriggerAction
  : Exclude<TriggerAction, 'emit'>;

/** This key's state and timers, as of a keyed function. Nothing of them is left when its window is purged. */
export type TriggerContext<S extends StateSpec> = Omit<ProcessContext<never, S, never>, 'key' | 'emit'>;

/** The functions are called as those of `process()` are, in that order, and must be pure. */
export interface TriggerDefinition<Row, S extends StateSpec, Results extends TriggerResults> {
  /** Names are the state's identity, as of `process()`. */
  readonly state?: S;
  /** `final` unless said. `running` allows `emit`: what has gone out stays in the window, and its row is written in `update` or `complete`. */
  readonly results?: Results;
  /** The window holds the row already. Of its columns it has those that were asked for. */
  onRow(row: Row, ctx: TriggerContext<S>): TriggerSays<Results>;
  /** The watermark has passed a time that was set with `setTimer`. */
  onTimer?(at: number, ctx: TriggerContext<S>): TriggerSays<Results>;
  /** The clock has reached a time that was set with `setProcessingTimer`. */
  onProcessingTimer?(at: number, ctx: TriggerContext<S>): TriggerSays<Results>;
}

declare const triggerBrand: unique symbol;
/** A trigger of one's own over columns, which rows of type `Row` have. */
export interface WindowTrigger<out Results extends TriggerResults = TriggerResults, in Row = never> {
  readonly [triggerBrand]: { results: Results; of: (row: Row) => void };
}
/** Over columns by their names, all that it is to be given, or over expressions. */
export interface TriggerOver<Row extends object, Results extends TriggerResults> {
  (columns: { readonly [P in keyof Row]: Expr<Row[P]> }): WindowTrigger<Results, unknown>;
  <const N extends readonly (keyof Row & string)[]>(
    columns: N &
      ([Exclude<keyof Row, N[number]>] extends [never] ? unknown : `✗ '${Exclude<keyof Row, N[number]> & string}' is missing`),
  ): WindowTrigger<Results, Row>;
}

/** A column by its name, or an expression, under the name by which the trigger knows it. */
export interface TriggerColumn {
  readonly name: string;
  readonly of: string | ExprNode;
  readonly isTime?: boolean;
}
/** What a trigger is before its expressions have columns. */
export interface TriggerParts extends Omit<TriggerSpec, 'columns'> {
  readonly columns: readonly TriggerColumn[];
}

/** What a trigger of one's own is at run time. */
export class PlannedTrigger {
  readonly parts: TriggerParts;

  constructor(parts: TriggerParts) {
    this.parts = parts;
  }
}

/**
 * A trigger of one's own for `globalWindow()`: functions that say of a key, with each row and each timer, whether what its window holds goes out, and whether it stays.
 * `continue`: nothing happens. `emit`: the window's row goes out, and it holds on to what it has. `purge`: all that there is of the key is forgotten.
 * `emit-and-purge`: the row goes out, and then all is forgotten; the key's next row finds a new window, and a new trigger.
 *
 * @throws WeirError `E_PLAN` for what is no function, or no state
 * @example
 * const worth = windowTrigger({
 *   state: { total: state.value(t.number) },
 *   onRow({ price }: { price: number }, { state: { total } }) {
 *     total.set((total.get() ?? 0) + price);
 *     return total.get()! >= 1000 ? 'emit-and-purge' : 'continue';
 *   },
 * });
 * orders.groupBy(globalWindow({ trigger: worth(['price']) }), 'customer').agg({ orders: count() });
 */
export function windowTrigger<Row extends object, const S extends StateSpec = {}, const Results extends TriggerResults = 'final'>(
  definition: TriggerDefinition<Row, S, Results>,
): TriggerOver<Row, Results> {
  const { state = {}, results = 'final', onRow, onTimer, onProcessingTimer } = definition;
  for (const [name, fn] of Object.entries({ onRow, onTimer, onProcessingTimer }))
    if (typeof fn !== 'function' && (name === 'onRow' || fn !== undefined))
      throw new WeirError('E_PLAN', `windowTrigger(): '${name}' is a function, not ${typeof fn}`);
  if (results !== 'final' && results !== 'running')
    throw new WeirError('E_PLAN', `windowTrigger(): results are 'final' or 'running', not '${String(results)}'`);
  const parts: Omit<TriggerParts, 'columns'> = {
    text: 'by a function',
    ...(results === 'running' ? { keeps: true } : {}),
    state: triggerState(state),
    // Bound, so that a definition may be an object whose functions use `this`.
    onRow: onRow.bind(definition) as never,
    ...(onTimer === undefined ? {} : { onTimer: onTimer.bind(definition) as never }),
    ...(onProcessingTimer === undefined ? {} : { onProcessingTimer: onProcessingTimer.bind(definition) as never }),
  };
  const over = (columns: unknown): PlannedTrigger => new PlannedTrigger({ ...parts, columns: triggerColumns(columns) });
  return over as unknown as TriggerOver<Row, Results>;
}

function triggerState(state: StateSpec): TriggerParts['state'] {
  const declared = stateDeclarations(state, 'windowTrigger()');
  const [name] = Object.entries(declared).find(([, { ttlTime }]) => ttlTime === 'event') ?? [];
  if (name === undefined) return declared;
  throw new WeirError(
    'E_PLAN',
    `windowTrigger(): state '${name}' is forgotten in event time, of which a trigger has its timers alone`,
    {
      hint: 'clear it in onTimer, or leave `time` out: then the clock counts',
    },
  );
}

function triggerColumns(columns: unknown): readonly TriggerColumn[] {
  if (typeof columns !== 'object' || columns === null)
    throw new WeirError('E_PLAN', `a trigger takes names of columns, or expressions by name, not ${typeof columns}`, {
      hint: "as in worth(['price']), or worth({ price: c.price.mul(2) })",
    });
  if (Array.isArray(columns)) return columns.map((name: string) => ({ name, of: name }));
  return Object.entries(columns).map(([name, of]) => ({ name, of: nodeOf(of) }));
}
