/**
 * What `(c) => …` is given, and what becomes of its result.
 *
 * Owns: the columns as expressions, with the words for one that is not there; and finding what was read and then dropped: `c.a && c.b` is
 * legal TypeScript whose value is `c.b`. Each read makes a node of its own, so that one that is not in the result is seen, but for those of
 * `{ ...c }`, which reads everything.
 */
import type { BatchSchema, FieldType, SchemaField } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { columnExpr, type ExprNode, exprText, heldTo, nodesOf } from '../expr/index.ts';
import { sideNames } from '../plan/index.ts';
import { type Call, called, refused, requireFunction } from './call.ts';
import { columnOf } from './columns.ts';
import { nearestName } from './nearest.ts';
import { nodeOf, PlannedExpr } from './planned-expr.ts';

type Path = readonly [string, ...string[]];

/**
 * Calls the user's function with the columns of these rows.
 *
 * @param nodesIn the expressions of its result
 * @throws WeirError `E_PLAN` for a column that is not there, for what has no meaning, and for a column that was read and is in no expression
 */
export function exprsOf<R>(
  fn: unknown,
  schema: BatchSchema,
  call: Call,
  nodesIn: (result: unknown) => { readonly result: R; readonly nodes: readonly ExprNode[] },
): R {
  return planned(fn, [{ schema, call, path: [] }], call, nodesIn);
}

/** Rows that a function is given the columns of. */
interface Given {
  readonly schema: BatchSchema;
  /** What refusals of a column name. */
  readonly call: Call;
  /** In front of the names of its columns. */
  readonly path: readonly string[];
}

/**
 * The condition that the user's function makes of the columns of two rows; see plan/pair-columns.ts for what they are called in it.
 *
 * @throws WeirError `E_PLAN` as above, and for what is no condition
 */
export function pairCondition(fn: unknown, schemas: readonly BatchSchema[], what: string, call: Call): ExprNode {
  const given = schemas.map((schema, i): Given => {
    const side = sideNames[i]!;
    return { schema, call: { ...call, verb: `${call.verb} ${what}, ${side} row` }, path: [side] };
  });
  return planned(fn, given, call, (result) => {
    const node = heldTo('boolean', nodeOf(result), what);
    return { result: node, nodes: [node] };
  });
}

function planned<R>(
  fn: unknown,
  given: readonly Given[],
  call: Call,
  nodesIn: (result: unknown) => { readonly result: R; readonly nodes: readonly ExprNode[] },
): R {
  requireFunction(fn, call);
  const reads = new Set<ExprNode>();
  const calls = [call, ...given.map((each) => each.call)];
  const { result, nodes } = placed(calls, () =>
    nodesIn((fn as (...rows: object[]) => unknown)(...given.map((each) => columnsOf(each, reads)))),
  );
  const used = nodesOf(nodes);
  for (const read of reads)
    if (!used.has(read))
      throw refused(
        call,
        `column '${exprText(read)}' is read, and it is in no expression of the result`,
        'combine conditions with .and() and .or(), not with && and ||; choose with when(), not with ?:',
      );
  return result;
}

/** Errors of expressions name the verb that they were made for. */
function placed<T>(calls: readonly Call[], make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof WeirError) || calls.some((call) => thrown.message.startsWith(called(call)))) throw thrown;
    throw new WeirError(thrown.code, `${called(calls[0]!)}: ${thrown.message}`, { hint: thrown.hint, cause: thrown });
  }
}

function columnsOf({ schema, call, path }: Given, reads: Set<ExprNode>): object {
  const names = schema.kind === 'any' ? [] : schema.fields.map(({ name }) => name);
  let spread: string | undefined;
  return new Proxy(Object.create(null) as object, {
    get(_, name) {
      if (typeof name !== 'string') return undefined;
      const read = exprAt([...path, name] as unknown as Path, columnOf(schema, name, call), reads);
      if (spread !== name) reads.add(read.node);
      spread = undefined;
      return read;
    },
    // What `{ ...c }` asks for, name by name, each right before it gets it.
    ownKeys: () => names,
    getOwnPropertyDescriptor(_, name) {
      if (typeof name !== 'string' || !names.includes(name)) return undefined;
      spread = name;
      return { configurable: true, enumerable: true, value: undefined };
    },
    has: (_, name) => schema.kind === 'any' || names.includes(name as string),
  });
}

function exprAt(path: Path, type: FieldType, reads: Set<ExprNode>): PlannedExpr {
  const planned = new PlannedExpr(columnExpr(path, type));
  const { kind } = type.type;
  return kind === 'struct' || kind === 'any' ? withFields(planned, path, type, reads) : planned;
}

/** Fields are properties, unless they are called like a method. */
function withFields(planned: PlannedExpr, path: Path, { type, nullable }: FieldType, reads: Set<ExprNode>): PlannedExpr {
  return new Proxy(planned, {
    get(target, name) {
      if (typeof name !== 'string' || name in target) {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      const field =
        type.kind === 'struct' ? fieldOf(type.fields, name, path) : { type: { kind: 'any' as const }, nullable: true };
      const read = exprAt([...path, name], { type: field.type, nullable: nullable || field.nullable }, reads);
      reads.delete(target.node);
      reads.add(read.node);
      return read;
    },
  });
}

function fieldOf(fields: readonly SchemaField[], name: string, path: Path): FieldType {
  const found = fields.find((field) => field.name === name);
  if (found !== undefined) return found;
  const names = fields.map((field) => field.name);
  const near = nearestName(name, names);
  throw new WeirError(
    'E_PLAN',
    `'${path.join('.')}' has no field '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
    {
      hint: `its fields are ${names.join(', ')}`,
    },
  );
}
