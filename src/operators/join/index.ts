export { asOfJoinOperator } from './as-of-operator.ts';
export { joinOperator } from './join-operator.ts';
export { lookupOperator } from './lookup-operator.ts';
export { NetRows } from './net-rows.ts';
export { regularJoinOperator } from './regular-join-operator.ts';
export { RowForm, rowOf } from '../row-form.ts';
export { tableJoinOperator } from './table-join-operator.ts';
export { TouchedKeys } from './touched-keys.ts';
