/**
 * Reads one property of rows. A name that every object inherits (`constructor`, `toString`) counts only where the row
 * has it itself.
 */
export function propertyReader(name: string): (row: object) => unknown {
  if (name in Object.prototype) return (row) => (Object.hasOwn(row, name) ? (row as Record<string, unknown>)[name] : undefined);
  return (row) => (row as Record<string, unknown>)[name];
}
