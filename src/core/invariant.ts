import { WeirError } from './errors.ts';

/**
 * Stops the engine when something that must always hold does not. Stays on in production, at the granularity of a batch
 * or an epoch.
 *
 * @throws WeirError `E_INTERNAL`
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new WeirError('E_INTERNAL', `broken invariant: ${message}`);
}

/** The end of an exhaustive switch: compiles only if every case was handled. */
export function unreachable(value: never, what: string): never {
  throw new WeirError('E_INTERNAL', `${what}: unexpected ${JSON.stringify(value)}`);
}
