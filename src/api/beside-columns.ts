import { type BatchSchema, columnIndex } from '../batch/index.ts';
import { columnExpr, columnsRead, type ExprNode, type NamedExpr } from '../expr/index.ts';
import type { LogicalNode } from '../plan/index.ts';
import type { Call } from './call.ts';
import { columnOf } from './columns.ts';
import { columnOfField, projected } from './projections.ts';

/** Columns for expressions beside those of the input, each once; a column that is only named is none of them. */
export class BesideColumns {
  readonly #schema: BatchSchema;
  readonly #added: NamedExpr[] = [];

  constructor(schema: BatchSchema) {
    this.#schema = schema;
  }

  /** @returns the name of the column that holds it. @param wanted what it is called if that is free */
  nameOf(expr: ExprNode, wanted: string): string {
    if (expr.kind === 'column' && expr.path.length === 1) return expr.path[0];
    const known = this.#added.find((added) => added.expr === expr);
    if (known !== undefined) return known.name;
    let name = wanted;
    while (this.#isTaken(name)) name += "'";
    this.#added.push({ name, expr });
    return name;
  }

  /** The input with these columns; itself if there are none. Of rows without a schema those alone, and what is read by name. */
  over(input: LogicalNode, names: readonly string[], call: Call): LogicalNode {
    if (this.#added.length === 0) return input;
    if (this.#schema.kind !== 'any')
      return { ...projected(input, [...this.#schema.fields.map(columnOfField), ...this.#added], call), beside: true };
    const named = names.filter((name) => this.#added.every((added) => added.name !== name));
    const columns = [...new Set(named)].map((name) => ({ name, expr: columnExpr([name], columnOf(this.#schema, name, call)) }));
    return { ...projected(input, [...columns, ...this.#added], call), beside: true };
  }

  #isTaken(name: string): boolean {
    const added = this.#added.some((each) => each.name === name);
    if (this.#schema.kind !== 'any') return added || columnIndex(this.#schema, name) >= 0;
    return added || columnsRead(this.#added.map(({ expr }) => expr)).some(({ path }) => path[0] === name);
  }
}
