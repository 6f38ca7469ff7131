/** From the definition of a source or sink to what programs hold, and back. They are the same object; only the type differs. */
import { WeirError } from '../core/index.ts';
import type { SinkDefinition, SourceDefinition } from '../operators/index.ts';
import type { OutputMode } from '../plan/index.ts';
import type { Sink, Source } from './connector-types.ts';

export function asSource<Row extends object>(definition: SourceDefinition): Source<Row> {
  return definition as unknown as Source<Row>;
}

export function asSink<Row, Modes extends OutputMode = OutputMode>(definition: SinkDefinition): Sink<Row, Modes> {
  return definition as unknown as Sink<Row, Modes>;
}

/** Is this a source, and not an array or another iterable? */
export function isSource(value: unknown): value is Source<object> {
  return hasType(value, 'source');
}

/** @throws WeirError `E_PLAN` if it is no source */
export function sourceDefinition(source: Source<object>): SourceDefinition {
  if (hasType(source, 'source')) return source as unknown as SourceDefinition;
  throw new WeirError('E_PLAN', 'this is not a source', {
    hint: 'take one from weir/connectors, or make one with defineSource({ … })',
  });
}

/** @throws WeirError `E_PLAN` if it is no sink */
export function sinkDefinition(sink: Sink<never>, where: string): SinkDefinition {
  if (hasType(sink, 'sink')) return sink as unknown as SinkDefinition;
  throw new WeirError('E_PLAN', `${where}: this is not a sink`, {
    hint: 'take one from weir/connectors, or make one with defineSink({ … })',
  });
}

function hasType(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && (value as { readonly type?: unknown }).type === type;
}
