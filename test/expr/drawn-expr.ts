/** Random expressions over random batches, with hostile names and literals. */
import fc from 'fast-check';
import { type Batch, batchOf, batchSchema, type BatchSchema, type SchemaField } from '../../src/batch/index.ts';
import {
  applyExpr,
  callExpr,
  columnExpr,
  constantExpr,
  type ExprNode,
  asExpr,
  isNullExpr,
  literalExpr,
  logicExpr,
  nowExpr,
  orElseExpr,
  whenExpr,
} from '../../src/expr/index.ts';

const hostile = ['constructor', 'a"];', "b'`${1}", 'row', 'c0', 'toString', '__defineGetter__', 'x\u2028y', '); throw 1; ('];
const field = (
  name: string,
  kind: 'float64' | 'int64' | 'string' | 'bool' | 'timestamp' | 'any',
  nullable: boolean,
): SchemaField => ({
  name,
  type: { kind },
  nullable,
});
const inner: readonly SchemaField[] = [
  field('start', 'timestamp', false),
  field('a"];', 'string', true),
  field('n', 'float64', false),
];
const fields: readonly SchemaField[] = [
  field('constructor', 'float64', false),
  field('a"];', 'float64', true),
  field('i', 'int64', true),
  field('row', 'string', false),
  field("b'`${1}", 'string', true),
  field('toString', 'bool', false),
  field('c0', 'bool', true),
  field('at', 'timestamp', false),
  field('x\u2028y', 'timestamp', true),
  field('loose', 'any', true),
  { name: 'inside', type: { kind: 'struct', fields: inner }, nullable: true },
];
export const drawnSchema: BatchSchema = batchSchema(fields);

const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2.5, 1e21, 1e-7, Number.NaN, Infinity, -Infinity, 123456789),
  fc.double(),
  fc.integer(),
);
const texts = fc.oneof(
  fc.constantFrom('', 'a', 'A ', '12.5', ' 7e2', 'a/b/c', 'a/b', '\u2028', '\ud800', 'é𝒳', ...hostile),
  fc.string(),
);
const moments = fc.integer({ min: -5e12, max: 5e12 });
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 3, nil: null });

const rows = fc.array(
  fc.record({
    constructor: numbers,
    'a"];': orNull(numbers),
    i: orNull(fc.maxSafeInteger()),
    row: texts,
    "b'`${1}": orNull(texts),
    toString: fc.boolean(),
    c0: orNull(fc.boolean()),
    at: moments,
    'x\u2028y': orNull(moments),
    loose: fc.oneof(numbers, texts, fc.boolean(), fc.constant(null)),
    inside: orNull(fc.record({ start: moments, 'a"];': orNull(texts), n: numbers })),
  }),
  { minLength: 1, maxLength: 12 },
);

/** Some with a selection. */
export const drawnBatch: fc.Arbitrary<Batch> = fc.tuple(rows, fc.array(fc.boolean(), { maxLength: 12 })).map(([all, chosen]) => {
  const batch = batchOf(drawnSchema, all as object[]);
  const selected = all.flatMap((_, i) => (chosen[i] === false ? [] : [i]));
  return chosen.length === 0 ? batch : batch.select(Int32Array.from(selected));
});

const column = (kinds: readonly string[]): fc.Arbitrary<ExprNode> => {
  const direct = fields.filter(({ type }) => kinds.includes(type.kind)).map((f) => columnExpr([f.name], f));
  const nested = inner
    .filter(({ type }) => kinds.includes(type.kind))
    .map((f) => columnExpr(['inside', f.name], { type: f.type, nullable: true }));
  return fc.constantFrom(...direct, ...nested);
};
const tooOften = (value: unknown): unknown => {
  if (value === null || value === 0) throw new Error('not this one');
  return value;
};
const pattern = fc.constantFrom(/a/, /(\w)\/(\w)/u, /^$/, /[é-𝒳]/u).map((re) => constantExpr(re, String(re)));
const k = (value: unknown): ExprNode => constantExpr(value, String(value));

interface Drawn {
  readonly number: ExprNode;
  readonly text: ExprNode;
  readonly flag: ExprNode;
  readonly time: ExprNode;
}

const drawn = fc.letrec<Drawn>((tied) => {
  const tie = (kind: keyof Drawn): fc.Arbitrary<ExprNode> => tied(kind) as fc.Arbitrary<ExprNode>;
  return {
    number: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column(['float64', 'int64']),
      numbers.map(literalExpr),
      fc
        .tuple(fc.constantFrom('add', 'sub', 'mul', 'div', 'mod'), tie('number'), tie('number'))
        .map(([fn, a, b]) => applyExpr(fn as 'add', a, b)),
      fc.tuple(tie('number'), fc.integer({ min: -3, max: 6 })).map(([a, digits]) => applyExpr('round', a, k(digits))),
      fc.tuple(fc.constantFrom('abs', 'floor', 'ceil'), tie('number')).map(([fn, a]) => applyExpr(fn as 'abs', a)),
      tie('text').map((a) => applyExpr('length', a)),
      tie('text').map((a) => applyExpr('toNumber', a)),
      tie('time').map((a) => applyExpr('hour', a)),
      fc.tuple(tie('time'), tie('time')).map(([a, b]) => applyExpr('diffMs', a, b)),
      fc.tuple(tie('flag'), tie('number'), tie('number')).map(([c, a, b]) => whenExpr([{ condition: c, value: a }], b)),
      fc.tuple(tie('number'), tie('number')).map(([a, b]) => orElseExpr(a, b)),
      tie('number').map((a) => asExpr(callExpr(tooOften, [a]), { type: { kind: 'float64' }, nullable: false })),
      column(['any']).map((a) => applyExpr('add', a, literalExpr(1))),
    ),
    text: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column(['string']),
      texts.map(literalExpr),
      fc.tuple(fc.constantFrom('lower', 'upper', 'trim'), tie('text')).map(([fn, a]) => applyExpr(fn as 'lower', a)),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => applyExpr('concat', a, b)),
      fc.tuple(tie('text'), fc.integer({ min: -3, max: 3 })).map(([a, n]) => applyExpr('slice', a, k(n), k(undefined))),
      fc.tuple(tie('text'), pattern, fc.integer({ min: 0, max: 2 })).map(([a, p, g]) => applyExpr('extract', a, p, k(g))),
      fc
        .tuple(tie('text'), fc.constantFrom('/', '', 'ab'), fc.integer({ min: 0, max: 3 }))
        .map(([a, s, n]) => applyExpr('split', a, k(s), k(n))),
      tie('number').map((a) => applyExpr('toText', a)),
      fc.tuple(tie('flag'), tie('text'), tie('flag'), tie('text'), tie('text')).map(([c, a, d, b, e]) =>
        whenExpr(
          [
            { condition: c, value: a },
            { condition: d, value: b },
          ],
          e,
        ),
      ),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => orElseExpr(a, b)),
    ),
    flag: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column(['bool']),
      fc.boolean().map(literalExpr),
      fc
        .tuple(
          fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte'),
          fc.constantFrom<keyof Drawn>('number', 'text', 'time', 'flag'),
        )
        .chain(([fn, of]) => fc.tuple(tie(of), tie(of)).map(([a, b]) => applyExpr(fn as 'eq', a, b))),
      fc.tuple(fc.constantFrom('and', 'or'), tie('flag'), tie('flag')).map(([op, a, b]) => logicExpr(op as 'and', a, b)),
      tie('flag').map((a) => applyExpr('not', a)),
      fc.constantFrom<keyof Drawn>('number', 'text', 'time', 'flag').chain((of) => tie(of).map(isNullExpr)),
      fc.tuple(tie('text'), pattern).map(([a, p]) => applyExpr('matches', a, p)),
      fc.tuple(tie('text'), fc.array(texts)).map(([a, all]) => applyExpr('in', a, k(new Set(all)))),
    ),
    time: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column(['timestamp']),
      fc.constant(nowExpr),
      fc.tuple(tie('time'), moments).map(([a, ms]) => applyExpr('addMs', a, k(ms))),
      fc.tuple(tie('time'), fc.constantFrom(1000, 60_000, 86_400_000)).map(([a, ms]) => applyExpr('truncate', a, k(ms))),
      fc.tuple(tie('time'), tie('time')).map(([a, b]) => orElseExpr(a, b)),
    ),
  };
});

export const drawnFlag: fc.Arbitrary<ExprNode> = drawn.flag;
export const drawnExpr: fc.Arbitrary<ExprNode> = fc.oneof(drawn.number, drawn.text, drawn.flag, drawn.time);
