/**
 * Makes nodes, and refuses what has no meaning with the words that a user needs: what a function wants, and what was there.
 *
 * Owns: the types of results. A value without a type (`any`) fits everywhere and is held to it when it is there.
 */
import { type DataType, type FieldType, typeId } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { bool, functions, type FunctionName } from './functions/index.ts';
import { type ExprNode, type Family, familyOf, type Scalar } from './node.ts';
import { exprText } from './text.ts';

const families: Readonly<Record<Family, string>> = {
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  time: 'a time',
  any: 'a value',
  other: 'a value',
};
const holding: Partial<Record<Family, FunctionName>> = {
  number: 'isNumber',
  string: 'isText',
  boolean: 'isBoolean',
  time: 'isTime',
};

export function columnExpr(path: readonly [string, ...string[]], { type, nullable }: FieldType): ExprNode {
  return { kind: 'column', path, type: { type, nullable } };
}

/** @throws WeirError `E_PLAN` for what is no string, number, boolean or null */
export function literalExpr(value: unknown): ExprNode {
  return { kind: 'literal', value: value as Scalar, type: literalType(value) };
}

export const nowExpr: ExprNode = { kind: 'now', type: { type: { kind: 'timestamp' }, nullable: false } };

export function constantExpr(value: unknown, text: string): ExprNode {
  return { kind: 'constant', value, text, type: { type: { kind: 'any' }, nullable: false } };
}

function literalType(value: unknown): FieldType {
  if (value === null) return { type: { kind: 'any' }, nullable: true };
  switch (typeof value) {
    case 'number':
      return { type: { kind: 'float64' }, nullable: false };
    case 'string':
      return { type: { kind: 'string' }, nullable: false };
    case 'boolean':
      return { type: bool, nullable: false };
    default:
      throw new WeirError(
        'E_PLAN',
        `${typeof value === 'object' ? 'an object' : `a ${typeof value}`} is no value of an expression`,
        {
          hint: 'take a column (c.price), a string, number, boolean or null, or a function of columns by call()',
        },
      );
  }
}

/** @throws WeirError `E_PLAN` for an argument that the function does not take */
export function applyExpr(fn: FunctionName, ...args: readonly ExprNode[]): ExprNode {
  const { takes, gives, maybeNull = false } = functions[fn];
  const first = args[0]!;
  const held = args.map((arg, i) => {
    const wanted = takes[Math.min(i, takes.length - 1)]!;
    if (wanted === 'constant' || wanted === 'any') return arg;
    return heldTo(wanted === 'same' ? familyOf(first.type.type) : wanted, arg, fn);
  });
  // Whatever stands first without a type is of the family of what it is compared with.
  if (takes[1] === 'same' && familyOf(first.type.type) === 'any') held[0] = heldTo(familyOf(args[1]!.type.type), first, fn);
  const nullable = maybeNull || held.some(({ type }) => type.nullable);
  return { kind: 'apply', fn, args: held, type: { type: gives, nullable } };
}

/** The same value, held to a family where it has none. A number is taken for a time: a moment in milliseconds. */
export function heldTo(family: Family, node: ExprNode, what: string): ExprNode {
  const found = familyOf(node.type.type);
  if (found === family || family === 'any' || isNull(node)) return node;
  if (found === 'any') {
    const fn = holding[family];
    if (fn !== undefined)
      return { kind: 'apply', fn, args: [node], type: { type: functions[fn].gives, nullable: node.type.nullable } };
  }
  if (family === 'time' && node.kind === 'literal' && Number.isSafeInteger(node.value))
    return { ...node, type: { type: { kind: 'timestamp' }, nullable: false } };
  throw new WeirError('E_PLAN', `${what} takes ${families[family]}, and '${exprText(node)}' is ${kindText(node.type.type)}`, {
    hint: 'turn it into one first: toNumber(), toText(), .as(t.…), or a function of yours by call()',
  });
}

export function callExpr(fn: (...args: never[]) => unknown, args: readonly ExprNode[]): ExprNode {
  return { kind: 'call', fn, args, type: { type: { kind: 'any' }, nullable: true } };
}

/** The value as one of this type: what it is not is an error of the row, of lists, structs and bytes where it becomes a column. */
export function asExpr(of: ExprNode, type: FieldType): ExprNode {
  const family = familyOf(type.type);
  const isUntyped = familyOf(of.type.type) === 'any';
  const held = retyped(family === 'other' && isUntyped ? of : heldTo(family, of, 'as()'), type.type);
  return type.nullable || !held.type.nullable
    ? held
    : { kind: 'orElse', of: held, other: refusedNull, type: { type: held.type.type, nullable: false } };
}

/** The same value under another type: the column that it becomes checks it. */
function retyped(of: ExprNode, type: DataType): ExprNode {
  const isSame = typeId({ type, nullable: false }) === typeId({ type: of.type.type, nullable: false });
  if (isSame && !(type.kind === 'string' && type.values !== undefined)) return of;
  return { kind: 'call', fn: itself, args: [of], type: { type, nullable: of.type.nullable } };
}

const itself = (value: unknown): unknown => value;

const refusedNull: ExprNode = {
  kind: 'call',
  fn: () => {
    throw new WeirError('E_VALUE', 'an expression was declared never to be null, and it is null here');
  },
  args: [],
  type: { type: { kind: 'any' }, nullable: false },
};

export function logicExpr(op: 'and' | 'or', a: ExprNode, b: ExprNode): ExprNode {
  const left = heldTo('boolean', a, op);
  const right = heldTo('boolean', b, op);
  return { kind: 'logic', op, left, right, type: { type: bool, nullable: left.type.nullable || right.type.nullable } };
}

export function isNullExpr(of: ExprNode): ExprNode {
  return { kind: 'isNull', of, type: { type: bool, nullable: false } };
}

export function orElseExpr(of: ExprNode, other: ExprNode): ExprNode {
  const { type } = unified([of, other], 'orElse()');
  return { kind: 'orElse', of, other, type: { type, nullable: other.type.nullable } };
}

/** @throws WeirError `E_PLAN` for branches of several families, and for a condition that is none */
export function whenExpr(
  branches: readonly { readonly condition: ExprNode; readonly value: ExprNode }[],
  otherwise: ExprNode,
): ExprNode {
  const held = branches.map(({ condition, value }) => ({ condition: heldTo('boolean', condition, 'when()'), value }));
  const values = [...branches.map(({ value }) => value), otherwise];
  return { kind: 'when', branches: held, otherwise, type: unified(values, 'when()') };
}

/** One type for values of several expressions. */
function unified(nodes: readonly ExprNode[], what: string): FieldType {
  const typed = nodes.filter((node) => !isNull(node));
  const nullable = nodes.some(({ type }) => type.nullable);
  const [first] = typed;
  if (first === undefined) return { type: { kind: 'any' }, nullable: true };
  const family = familyOf(first.type.type);
  const other = typed.find(({ type }) => familyOf(type.type) !== family);
  if (other === undefined) return { type: family === 'other' || family === 'any' ? first.type.type : plainOf(family), nullable };
  if (typed.some(({ type }) => familyOf(type.type) === 'any')) return { type: { kind: 'any' }, nullable: true };
  throw new WeirError(
    'E_PLAN',
    `${what} gives one kind of value, and '${exprText(first)}' is ${kindText(first.type.type)}, '${exprText(other)}' ${kindText(other.type.type)}`,
    { hint: 'make them alike, with toText() for one' },
  );
}

function plainOf(family: Family): DataType {
  return family === 'number'
    ? { kind: 'float64' }
    : family === 'string'
      ? { kind: 'string' }
      : family === 'boolean'
        ? bool
        : { kind: 'timestamp' };
}

const isNull = (node: ExprNode): boolean => node.kind === 'literal' && node.value === null;

export function kindText({ kind }: DataType): string {
  return kind === 'float64'
    ? 'a number'
    : kind === 'int64'
      ? 'an integer'
      : kind === 'bool'
        ? 'a boolean'
        : kind === 'any'
          ? 'a value without a type'
          : `a ${kind}`;
}
