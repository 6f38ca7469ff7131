/**
 * Rows as bytes that keep every value, and are the same on every Node: what V8 writes of a value is not, and how long something is decides
 * where it is stored.
 */
const special = new Map<unknown, string>([
  [undefined, 'undefined'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
]);
const back = new Map([...special].map(([value, name]) => [name, value]));
const mark = '$value';

export function bytesOfRows(rows: readonly unknown[]): Uint8Array {
  const text = JSON.stringify(rows, (_, value: unknown) => {
    const name = Object.is(value, -0) ? '-0' : special.get(value);
    if (name !== undefined) return { [mark]: name };
    return value instanceof Uint8Array ? { [mark]: [...value] } : value;
  });
  return new Uint8Array(Buffer.from(text));
}

export function rowsOfBytes(bytes: Uint8Array): unknown[] {
  // Not a reviver: it could give no `undefined`.
  return revived(JSON.parse(Buffer.from(bytes).toString())) as unknown[];
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  const marked = (value as Record<string, unknown>)[mark];
  if (marked === '-0') return -0;
  if (Array.isArray(marked)) return Uint8Array.from(marked as number[]);
  if (typeof marked === 'string') return back.get(marked);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revived(inner)]));
}
