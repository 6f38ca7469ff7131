/**
 * One value a key over the last batches.
 *
 * Owns: the state of a key, which is one value for each batch that it came in, and the value of all of them, where a value can be taken out again.
 */
import type { Combine } from './boxed.ts';

export interface ReducedWindow {
  /** Number of the batch, and the key's value in it; oldest first. */
  readonly parts: readonly (readonly [batch: number, value: unknown])[];
  /** Of all parts; kept only with an inverse. */
  readonly total?: unknown;
}
export interface WindowFunctions {
  readonly fn: Combine;
  readonly inverse: Combine | undefined;
  /** In batches. */
  readonly length: number;
}

/**
 * The window with the batch in it, which is the last one.
 *
 * @param came what came for the key in the batch; absent: nothing
 * @returns undefined if nothing of the key is left
 */
export function nextWindow(
  { fn, inverse, length }: WindowFunctions,
  before: ReducedWindow | undefined,
  batch: number,
  came: { readonly value: unknown } | undefined,
): ReducedWindow | undefined {
  const isOver = ([of]: ReducedWindow['parts'][number]): boolean => of <= batch - length;
  const known = before?.parts ?? [];
  const left = known.filter((part) => !isOver(part));
  const parts = came === undefined ? left : [...left, [batch, came.value] as const];
  if (parts.length === 0) return undefined;
  if (inverse === undefined) return { parts };
  // Of a window that was empty in between nothing is taken out: it begins anew, and exactly.
  if (left.length === 0) return { parts, total: came!.value };
  const rest = known.filter(isOver).reduce((total, [, value]) => inverse(total, value), before!.total);
  return { parts, total: came === undefined ? rest : fn(rest, came.value) };
}

/** The value of all that the window holds. */
export function windowValue({ fn, inverse }: WindowFunctions, { parts, total }: ReducedWindow): unknown {
  if (inverse !== undefined) return total;
  return parts.map(([, value]) => value).reduce((a, b) => fn(a, b));
}
