/** A batch for people, as Spark prints it. */

const line = '-'.repeat(43);

/** @param values more than `rows` of them: the rest is `...` */
export function batchText(values: readonly unknown[], rows: number, time: number): string {
  const shown = values.slice(0, rows).map((value) => valueText(value));
  const more = values.length > rows ? ['...'] : [];
  return [line, `Time: ${time} ms`, line, ...shown, ...more, ''].map((text) => `${text}\n`).join('');
}

/** A pair is `(word,2)`. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map((each) => valueText(each)).join(',')})`;
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value);
}
