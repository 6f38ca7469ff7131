/** Roughly what plain data costs in memory. */
export function byteSizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2;
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 16;
  for (const part of Array.isArray(value) ? value : Object.values(value)) size += byteSizeOf(part);
  return size;
}
