export {
  applyExpr,
  asExpr,
  callExpr,
  columnExpr,
  constantExpr,
  heldTo,
  isNullExpr,
  kindText,
  literalExpr,
  logicExpr,
  nowExpr,
  orElseExpr,
  whenExpr,
} from './build.ts';
export type { FunctionName, TimePart, WindowPlaces } from './functions/index.ts';
export { propertyOf } from './column-access.ts';
export { evaluate, type ReadColumn } from './interpret.ts';
export type { Fault, Predicate } from './loop.ts';
export {
  type ColumnNode,
  columnsRead,
  type ExprNode,
  familyOf,
  type Family,
  hasNow,
  type NamedExpr,
  nodesOf,
  plainColumn,
  type Scalar,
  substitute,
  timedColumn,
} from './node.ts';
export { predicateOver } from './predicate.ts';
export { Projection, type ProjectionSpec } from './projection.ts';
export { exprText } from './text.ts';
