/**
 * The one implementation of `Expr` and its kinds: a node, and the methods that put another on top.
 *
 * Owns: what each method makes of its arguments. Does not own: their types (expr-types.ts), what nodes may be (src/expr). A method that
 * the compiler would refuse, such as `lower()` of a number, is refused here with the expression and what it is.
 */
import type { Scalar } from '../expr/index.ts';
import {
  applyExpr,
  asExpr,
  callExpr,
  constantExpr,
  type ExprNode,
  familyOf,
  type FunctionName,
  heldTo,
  isNullExpr,
  literalExpr,
  logicExpr,
  nowExpr,
  orElseExpr,
  whenExpr,
} from '../expr/index.ts';
import { type Duration, durationMs } from '../core/index.ts';
import type { BooleanExpr, Expr, ExprOf, TimestampExpr, ValueOf, When } from './expr-types.ts';
import { type Field, fieldColumn } from './field.ts';
import { timeFormat } from './time-format.ts';

type Operand = PlannedExpr | Scalar;

const unitMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export class PlannedExpr {
  readonly node: ExprNode;

  constructor(node: ExprNode) {
    this.node = node;
  }

  isNull(): PlannedExpr {
    return new PlannedExpr(isNullExpr(this.node));
  }
  orElse(other: Operand): PlannedExpr {
    return new PlannedExpr(orElseExpr(this.node, nodeOf(other)));
  }
  as(field: Field<any, any>): PlannedExpr {
    return new PlannedExpr(asExpr(this.node, fieldColumn('as()', field)));
  }

  eq(other: Operand): PlannedExpr {
    return this.#with('eq', other);
  }
  ne(other: Operand): PlannedExpr {
    return this.#with('ne', other);
  }
  lt(other: Operand): PlannedExpr {
    return this.#with('lt', other);
  }
  lte(other: Operand): PlannedExpr {
    return this.#with('lte', other);
  }
  gt(other: Operand): PlannedExpr {
    return this.#with('gt', other);
  }
  gte(other: Operand): PlannedExpr {
    return this.#with('gte', other);
  }
  in(values: readonly Scalar[]): PlannedExpr {
    return this.#given('in', constantExpr(new Set(values), `[${values.map((value) => JSON.stringify(value)).join(', ')}]`));
  }

  add(other: Operand | Duration): PlannedExpr {
    return this.#isTime ? this.#shifted(other as Duration, 1) : this.#with('add', other);
  }
  sub(other: Operand | Duration): PlannedExpr {
    return this.#isTime ? this.#shifted(other as Duration, -1) : this.#with('sub', other);
  }
  mul(other: Operand): PlannedExpr {
    return this.#with('mul', other);
  }
  div(other: Operand): PlannedExpr {
    return this.#with('div', other);
  }
  mod(other: Operand): PlannedExpr {
    return this.#with('mod', other);
  }
  round(digits: number = 0): PlannedExpr {
    return this.#given('round', constant(digits));
  }
  floor(): PlannedExpr {
    return this.#given('floor');
  }
  ceil(): PlannedExpr {
    return this.#given('ceil');
  }
  abs(): PlannedExpr {
    return this.#given('abs');
  }
  toText(): PlannedExpr {
    return this.#given('toText');
  }

  lower(): PlannedExpr {
    return this.#given('lower');
  }
  upper(): PlannedExpr {
    return this.#given('upper');
  }
  trim(): PlannedExpr {
    return this.#given('trim');
  }
  length(): PlannedExpr {
    return this.#given('length');
  }
  concat(...parts: readonly Operand[]): PlannedExpr {
    return this.#given('concat', ...parts.map(nodeOf));
  }
  slice(from: number, to?: number): PlannedExpr {
    return this.#given('slice', constant(from), constant(to));
  }
  startsWith(prefix: string): PlannedExpr {
    return this.#given('startsWith', constant(prefix));
  }
  matches(pattern: RegExp): PlannedExpr {
    return this.#given('matches', constantPattern(pattern));
  }
  extract(pattern: RegExp, group: number = 0): PlannedExpr {
    return this.#given('extract', constantPattern(pattern), constant(group));
  }
  split(separator: string, index: number): PlannedExpr {
    return this.#given('split', constant(separator), constant(index));
  }
  /** Of a text, or of a time: its milliseconds. */
  toNumber(): PlannedExpr {
    return this.#given(this.#isTime ? 'toMs' : 'toNumber');
  }

  and(other: Operand): PlannedExpr {
    return new PlannedExpr(logicExpr('and', this.node, nodeOf(other)));
  }
  or(other: Operand): PlannedExpr {
    return new PlannedExpr(logicExpr('or', this.node, nodeOf(other)));
  }
  not(): PlannedExpr {
    return this.#given('not');
  }

  since(other: Operand): PlannedExpr {
    return this.#with('diffMs', other);
  }
  truncate(unit: keyof typeof unitMs): PlannedExpr {
    return this.#given('truncate', constantExpr(unitMs[unit], unit));
  }
  hour(): PlannedExpr {
    return this.#given('hour');
  }
  minute(): PlannedExpr {
    return this.#given('minute');
  }
  second(): PlannedExpr {
    return this.#given('second');
  }
  format(pattern: string): PlannedExpr {
    return this.#given('format', constantExpr(timeFormat(pattern), JSON.stringify(pattern)));
  }

  get #isTime(): boolean {
    return familyOf(this.node.type.type) === 'time';
  }

  #shifted(by: Duration, sign: 1 | -1): PlannedExpr {
    const ms = sign * durationMs(by, sign === 1 ? 'add()' : 'sub()');
    return this.#given('addMs', constantExpr(ms, `${ms} ms`));
  }

  #with(fn: FunctionName, other: Operand): PlannedExpr {
    return this.#given(fn, nodeOf(other));
  }

  #given(fn: FunctionName, ...others: readonly ExprNode[]): PlannedExpr {
    return new PlannedExpr(applyExpr(fn, this.node, ...others));
  }
}

/** The node of a planned value or a literal. */
export function nodeOf(value: unknown): ExprNode {
  return value instanceof PlannedExpr ? value.node : literalExpr(value);
}

const constant = (value: string | number | undefined): ExprNode => constantExpr(value, JSON.stringify(value) ?? 'end');

/** Without what it would remember from one text to the next. */
function constantPattern({ source, flags }: RegExp): ExprNode {
  const pattern = new RegExp(source, flags.replace(/[gy]/g, ''));
  return constantExpr(pattern, String(pattern));
}

/** A value that is the same for every row. */
export function lit<const V extends Scalar>(value: V): ExprOf<ValueOf<V>> {
  return new PlannedExpr(literalExpr(value)) as unknown as ExprOf<ValueOf<V>>;
}

/**
 * The epoch's time: the clock of the coordinator when the barrier before was sent, so up to a checkpoint's interval ago. It is in the
 * checkpoint: all rows between two barriers see the same time, wherever they are, and see it again when they are read again after a
 * crash. Before the first barrier it is the time at which the job was deployed. As in `where((c) => c.at.gte(now().sub('1 hour')))`; a
 * condition on the result of an aggregation is asked when the result is written, and takes nothing out of the state.
 */
export function now(): TimestampExpr {
  return new PlannedExpr(nowExpr) as unknown as TimestampExpr;
}

/**
 * The value of the first condition that is true: `when(cond, a).when(cond2, b).otherwise(c)`.
 *
 * @throws WeirError `E_PLAN` for values of several kinds
 */
export function when<const V extends Scalar | Expr<unknown>>(condition: BooleanExpr<null>, value: V): When<ValueOf<V>> {
  return new Branches([branch(condition, value)]) as unknown as When<ValueOf<V>>;
}

interface Branch {
  readonly condition: ExprNode;
  readonly value: ExprNode;
}

const branch = (condition: unknown, value: unknown): Branch => ({
  condition: heldTo('boolean', nodeOf(condition), 'when()'),
  value: nodeOf(value),
});

class Branches {
  readonly #branches: readonly Branch[];

  constructor(branches: readonly Branch[]) {
    this.#branches = branches;
  }
  when(condition: unknown, value: unknown): Branches {
    return new Branches([...this.#branches, branch(condition, value)]);
  }
  otherwise(value: unknown): PlannedExpr {
    return new PlannedExpr(whenExpr(this.#branches, nodeOf(value)));
  }
}

/**
 * A TypeScript function inside an expression: `call(distanceKm, c.lat, c.lon).as(t.number)`. It must be pure. It is called once a row, with
 * nulls where there are any; a row that it throws on is set aside, as in `map()`.
 */
export function call<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: { [I in keyof A]: Expr<A[I]> }): ExprOf<R> {
  return new PlannedExpr(callExpr(fn, (args as readonly unknown[]).map(nodeOf))) as unknown as ExprOf<R>;
}
