export { from, sourceOf } from './from.ts';
