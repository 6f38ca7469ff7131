import { canCompile } from '../core/index.ts';
import { compiledPredicate } from './compiled-loop.ts';
import { interpretedPredicate } from './interpreted-loop.ts';
import type { Predicate, ReaderOf } from './loop.ts';
import type { ExprNode } from './node.ts';

/**
 * A condition on rows that lie in no batch: somebody reads their columns for it. It knows no `now()`.
 *
 * @param interpreted without code made of text; where that is forbidden it is never made
 */
export function predicateOver(condition: ExprNode, readerOf: ReaderOf, interpreted: boolean = !canCompile()): Predicate {
  return interpreted ? interpretedPredicate(condition, readerOf) : compiledPredicate(condition, readerOf);
}
