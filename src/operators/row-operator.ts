/**
 * The stateless row verbs: `map`, `filter`, `flatMap`.
 *
 * A closure gets fresh plain rows, one at a time. A row that it throws on, or whose result does not fit, is set aside
 * within the same step; the rows around it go on.
 */
import type { RowNode } from '../plan/index.ts';
import { FilterOperator } from './filter-operator.ts';
import { FlatMapOperator } from './flat-map-operator.ts';
import { MapOperator } from './map-operator.ts';
import type { Operator } from './operator.ts';

export function rowOperator(node: RowNode): Operator {
  switch (node.kind) {
    case 'map':
      return new MapOperator(node);
    case 'filter':
      return new FilterOperator(node);
    case 'flatMap':
      return new FlatMapOperator(node);
  }
}
