import { WeirError } from '../core/index.ts';

/** The verb, and the check of the schema that its result has. */
export interface RowMaker {
  readonly kind: string;
  readonly validate?: (value: unknown) => unknown;
}

/**
 * What a closure gave, as a row.
 *
 * @throws WeirError `E_VALUE` if it is none; what `validate` throws
 */
export function rowResult(node: RowMaker, result: unknown): object {
  const row = node.validate === undefined ? result : node.validate(result);
  if (typeof row === 'object' && row !== null && !Array.isArray(row) && !(row instanceof Promise)) return row;
  throw new WeirError('E_VALUE', `a ${node.kind} gave ${described(row)} instead of a row`, {
    hint: `a row is a plain object${node.kind === 'mapAsync' ? '' : '; functions over rows are not async: mapAsync() takes one'}`,
  });
}

function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return value instanceof Promise ? 'a promise' : `a ${typeof value}`;
}
