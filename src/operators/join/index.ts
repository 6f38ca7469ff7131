export { asOfJoinOperator } from './as-of-operator.ts';
export { joinOperator } from './join-operator.ts';
export { lookupOperator } from './lookup-operator.ts';
export { regularJoinOperator } from './regular-join-operator.ts';
export { tableJoinOperator } from './table-join-operator.ts';
