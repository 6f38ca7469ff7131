import { callSite, isSource, type Source, sourceDefinition, type Stream, streamOf } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import { arraySource } from './array-source.ts';
import { iterableSource } from './iterable-source.ts';

/**
 * A stream of a source's rows. Arrays are replayable. Other iterables cannot be read twice: they are journaled in the
 * state directory before use, so the job is still exactly-once from the moment a row has been taken.
 *
 * @throws WeirError `E_PLAN` for what is neither
 */
export function from<Row extends object>(source: Source<Row> | readonly Row[] | AsyncIterable<Row> | Iterable<Row>): Stream<Row> {
  const definition = sourceDefinition(sourceOf(source));
  return streamOf<Row>({ kind: 'source', source: definition, site: callSite(), schema: definition.schema });
}

/** @throws WeirError `E_PLAN` for what is no source and not iterable */
export function sourceOf<Row extends object>(
  source: Source<Row> | readonly Row[] | AsyncIterable<Row> | Iterable<Row>,
): Source<Row> {
  if (isSource(source)) return source as Source<Row>;
  if (Array.isArray(source)) return arraySource<Row>(source);
  if (isIterable(source)) return iterableSource<Row>(source);
  throw new WeirError('E_PLAN', 'from(): this is neither a source nor iterable', {
    hint: 'give a source of weir/connectors, one of defineSource({ … }), an array or another iterable of rows',
  });
}

function isIterable<Row>(value: unknown): value is Iterable<Row> | AsyncIterable<Row> {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
