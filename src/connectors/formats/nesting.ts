/** How deep a record may nest. */
import { WeirError } from '../../core/index.ts';

/** Less than a value may that is kept or sent (batch/value-domain.ts): a row has room in a batch, and its values in those of a group. */
export const nestingMax = 150;

/**
 * The value itself, as a format read it.
 *
 * @throws WeirError `E_RECORD` where it nests deeper: nothing could keep it, or send it to another worker
 */
export function notTooDeep(value: unknown): unknown {
  if (!nestsWithin(value, nestingMax))
    throw new WeirError('E_RECORD', `the record nests arrays and objects more than ${nestingMax} deep`);
  return value;
}

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((inner) => nestsWithin(inner, levels - 1));
  for (const name in value) if (!nestsWithin((value as Record<string, unknown>)[name], levels - 1)) return false;
  return true;
}
