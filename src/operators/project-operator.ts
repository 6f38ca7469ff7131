import { plainColumn, Projection } from '../expr/index.ts';
import type { ProjectNode } from '../plan/index.ts';
import { setAside } from './dead-rows.ts';
import type { Barrier } from '../progress/index.ts';
import type { Batch, Operator, OperatorContext, Output, Step } from './operator.ts';

/** The column verbs: a condition and columns, computed in one loop. A row that a function of the user's throws on is set aside. */
class ProjectOperator implements Operator {
  readonly #node: ProjectNode;
  readonly #projection: Projection;
  #context!: OperatorContext;
  #now = 0;

  constructor(node: ProjectNode) {
    this.#node = node;
    const { input, predicate, columns } = node;
    this.#projection = new Projection({ input: input.schema, predicate, columns });
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#now = context.epochTime;
  }

  process(batch: Batch, out: Output): Step {
    const fault = (i: number, thrown: unknown): void => setAside(this.#context, this.#node.site, batch, i, thrown);
    const rows = this.#projection.run(batch, fault, this.#now);
    if (rows !== null) out.emit(rows);
    return 'done';
  }

  /** What is behind it is of the next epoch. */
  onBarrier({ time }: Barrier): Step {
    this.#now = time;
    return 'done';
  }
}

/** Rows without a schema that keep some of their properties: each column is one of those. */
class PropertiesOperator implements Operator {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  process(batch: Batch, out: Output): Step {
    out.emit(batch.project(this.#names));
    return 'done';
  }
}

export function projectOperator(node: ProjectNode): Operator {
  if (node.schema.kind === 'any' && node.columns !== undefined) {
    return new PropertiesOperator(node.columns.map(({ name, expr }) => plainColumn(expr) ?? name));
  }
  return new ProjectOperator(node);
}
