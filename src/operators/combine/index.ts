export { combineOperator } from './combine-operator.ts';
