/**
 * Expressions as one loop of JavaScript over the columns of a batch.
 *
 * Owns: the text of the code. It consists of what stands in this file and in `code` of the functions: constants come in as
 * elements of an array, columns by their number, so that nothing a user wrote is ever code. What it computes is what
 * `interpretedLoop` does: a node's arguments first, in order; `and`, `or`, `when` and `orElse` only what they need.
 * Invariants: EX3 equal results, errors included, to `interpretedLoop`; EX4 a node that was computed is not computed again where its
 * variables can be seen, nor one that means the same (shared-nodes.ts).
 */
import { functions } from './functions/index.ts';
import type { LoopSpec } from './loop.ts';
import {
  type ApplyNode,
  type CallNode,
  type ColumnNode,
  type ExprNode,
  familyOf,
  type LogicNode,
  type OrElseNode,
  type WhenNode,
} from './node.ts';
import { sharedNodes } from './shared-nodes.ts';

/** How a node's value can be had: `value` means nothing where `nil` is true. Null: it never is. */
interface Computed {
  readonly value: string;
  readonly nil: string | null;
}
/** How a column's values are reached: in an array of doubles or of bytes, or by a function. */
export type Layout = 'numbers' | 'flags' | 'reader';

/** The body of a function of `batch, columns, nulls, constants, writers, kept, fault, now`. */
export class LoopCode {
  readonly text: string;
  readonly columns: { readonly node: ColumnNode; readonly layout: Layout }[] = [];
  readonly constants: unknown[] = [];
  readonly #columnOf = new Map<string, number>();
  readonly #constantOf = new Map<unknown, number>();
  #lines: string[] = [];
  /** What can be seen from here, innermost last. */
  readonly #scopes: Map<ExprNode, Computed>[] = [new Map()];
  #variables = 0;
  readonly #layoutOf: (node: ColumnNode) => Layout;

  /** @param layoutOf how each column is reached; unless said, as columns of a batch lie */
  constructor(spec: LoopSpec, layoutOf: (node: ColumnNode) => Layout = layoutInBatch) {
    this.#layoutOf = layoutOf;
    const { predicate, computed } = withSharedNodes(spec);
    if (predicate !== undefined) {
      const keep = this.#emit(predicate);
      this.#line(`if (!(${isTrue(keep)})) continue;`);
    }
    for (const [c, node] of computed.entries()) this.#write(c, this.#emit(node));
    const body = this.#lines;
    const names = (prefix: string, list: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `const ${prefix}${i} = ${list}[${i}];`);
    this.text = [
      ...names('c', 'columns', this.columns.length),
      ...names('z', 'nulls', this.columns.length),
      ...names('k', 'constants', this.constants.length),
      ...names('w', 'writers', computed.length),
      'const { length, selection = null } = batch;',
      'let count = 0, i = 0;',
      'for (;;) {',
      'try {',
      'for (; i < length; i++) {',
      'const row = selection === null ? i : selection[i];',
      ...body,
      'kept[count++] = row;',
      '}',
      'return count;',
      '} catch (thrown) {',
      'fault(i++, thrown);',
      '}',
      '}',
    ].join('\n');
  }

  #write(writer: number, { value, nil }: Computed): void {
    const set = `w${writer}.set(row, ${value});`;
    this.#line(nil === null ? set : `if (${nil}) w${writer}.setNull(row); else ${set}`);
  }

  #emit(node: ExprNode): Computed {
    const known = this.#scopes.findLast((scope) => scope.has(node))?.get(node);
    if (known !== undefined) return known;
    const computed = this.#compute(node);
    this.#scopes.at(-1)!.set(node, computed);
    return computed;
  }

  #compute(node: ExprNode): Computed {
    switch (node.kind) {
      case 'column':
        return this.#column(node);
      case 'literal':
        return { value: this.#constant(node.value), nil: node.value === null ? 'true' : null };
      case 'constant':
        return { value: this.#constant(node.value), nil: null };
      case 'now':
        return { value: 'now', nil: null };
      case 'apply':
        return this.#apply(node);
      case 'call':
        return this.#call(node);
      case 'logic':
        return this.#logic(node);
      case 'isNull':
        return { value: this.#emit(node.of).nil ?? 'false', nil: null };
      case 'orElse':
        return this.#orElse(node);
      case 'when':
        return this.#when(node);
    }
  }

  #column(node: ColumnNode): Computed {
    const layout = this.#layoutOf(node);
    const key = JSON.stringify(node.path);
    let c = this.#columnOf.get(key);
    if (c === undefined) {
      c = this.columns.push({ node, layout }) - 1;
      this.#columnOf.set(key, c);
    }
    const v = this.#variable();
    if (layout === 'reader') {
      this.#line(`const ${v} = c${c}(row);`);
      return { value: v, nil: node.type.nullable ? `(${v} === null || ${v} === undefined)` : null };
    }
    this.#line(`const ${v} = c${c}[row]${layout === 'flags' ? ' !== 0' : ''};`);
    if (!node.type.nullable) return { value: v, nil: null };
    const n = this.#variable();
    this.#line(`const ${n} = z${c} !== null && ((z${c}[row >> 3] >> (row & 7)) & 1) === 1;`);
    return { value: v, nil: n };
  }

  #apply(node: ApplyNode): Computed {
    const { apply, code, maybeNull = false, takes } = functions[node.fn];
    const args = node.args.map((arg) => this.#emit(arg));
    const values = args.map(({ value }) => value);
    const nils = args.flatMap(({ nil }) => nil ?? []);
    const call = code === undefined ? `${this.#constant(apply)}(${values.join(', ')})` : code(...values);
    const v = this.#variable();
    if (nils.length === 0) {
      this.#line(`const ${v} = ${call};`);
      return { value: v, nil: maybeNull ? `(${v} === null)` : null };
    }
    const n = this.#variable();
    this.#line(`const ${n} = ${nils.join(' || ')};`);
    // What lies in place of a null is a number, a flag or null itself: harmless for operators, and for nothing else.
    const isHarmless = code !== undefined && takes.every((taken) => taken !== 'string');
    this.#line(isHarmless ? `const ${v} = ${call};` : `const ${v} = ${n} ? null : ${call};`);
    return { value: v, nil: maybeNull ? `(${n} || ${v} === null)` : n };
  }

  #call(node: CallNode): Computed {
    const args = node.args.map((arg) => {
      const { value, nil } = this.#emit(arg);
      return nil === null ? value : `${nil} ? null : ${value}`;
    });
    const v = this.#variable();
    this.#line(`const ${v} = ${this.#constant(node.fn)}(${args.join(', ')}) ?? null;`);
    return { value: v, nil: node.type.nullable ? `(${v} === null)` : null };
  }

  #logic({ op, left, right, type }: LogicNode): Computed {
    const first = this.#emit(left);
    const { v, n } = this.#result(type.nullable);
    const decides = op === 'or';
    const decided = `${first.value} === ${decides}`;
    this.#line(`if (${first.nil === null ? '' : `!${first.nil} && `}${decided}) ${v} = ${decides};`);
    this.#line('else {');
    this.#within(() => {
      const second = this.#emit(right);
      this.#line(`${v} = ${second.value};`);
      if (n === null) return;
      const undecided = `!(${second.value} === ${decides}${second.nil === null ? '' : ` && !${second.nil}`})`;
      const nils = [
        ...(second.nil === null ? [] : [second.nil]),
        ...(first.nil === null ? [] : [`(${first.nil} && ${undecided})`]),
      ];
      if (nils.length > 0) this.#line(`${n} = ${nils.join(' || ')};`);
    });
    this.#line('}');
    return { value: v, nil: n };
  }

  #orElse({ of, other, type }: OrElseNode): Computed {
    const first = this.#emit(of);
    if (first.nil === null) return first;
    const { v, n } = this.#result(type.nullable);
    this.#line(`if (!${first.nil}) ${v} = ${first.value};`);
    this.#line('else {');
    this.#within(() => this.#assign(v, n, this.#emit(other)));
    this.#line('}');
    return { value: v, nil: n };
  }

  #when({ branches, otherwise, type }: WhenNode): Computed {
    const { v, n } = this.#result(type.nullable);
    const branch = (at: number): void => {
      const next = branches[at];
      if (next === undefined) return this.#assign(v, n, this.#emit(otherwise));
      this.#line(`if (${isTrue(this.#emit(next.condition))}) {`);
      this.#within(() => this.#assign(v, n, this.#emit(next.value)));
      this.#line('} else {');
      this.#within(() => branch(at + 1));
      this.#line('}');
    };
    branch(0);
    return { value: v, nil: n };
  }

  /** Variables that are assigned to in blocks. */
  #result(nullable: boolean): { readonly v: string; readonly n: string | null } {
    const v = this.#variable();
    const n = nullable ? this.#variable() : null;
    this.#line(`let ${v}${n === null ? '' : `, ${n} = false`};`);
    return { v, n };
  }

  #assign(v: string, n: string | null, { value, nil }: Computed): void {
    this.#line(`${v} = ${value};`);
    if (n !== null && nil !== null) this.#line(`${n} = ${nil};`);
  }

  #within(block: () => void): void {
    this.#scopes.push(new Map());
    block();
    this.#scopes.pop();
  }

  #constant(value: unknown): string {
    let k = this.#constantOf.get(value);
    // 0 and -0 are one key of a map.
    if (k === undefined || !Object.is(this.constants[k], value)) {
      k = this.constants.push(value) - 1;
      this.#constantOf.set(value, k);
    }
    return `k${k}`;
  }

  #variable(): string {
    return `v${this.#variables++}`;
  }

  #line(line: string): void {
    this.#lines.push(line);
  }
}

function withSharedNodes({ predicate, computed }: LoopSpec): LoopSpec {
  const shared = sharedNodes([...(predicate === undefined ? [] : [predicate]), ...computed]);
  return predicate === undefined ? { predicate, computed: shared } : { predicate: shared[0], computed: shared.slice(1) };
}

/** Whether a computed condition lets a row through; null does not. */
function isTrue({ value, nil }: Computed): string {
  return nil === null ? value : `!${nil} && ${value}`;
}

function layoutInBatch({ type }: ColumnNode): Layout {
  const family = familyOf(type.type);
  if (family === 'boolean') return 'flags';
  return type.type.kind === 'float64' || family === 'time' ? 'numbers' : 'reader';
}
