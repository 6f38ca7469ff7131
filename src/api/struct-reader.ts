/**
 * Reads an object of known fields into a fresh one of one shape.
 *
 * Only own properties count: a missing column named `constructor` is missing, and `__proto__` in JSON is a name like any
 * other (which no schema has, B1). Runs for every row of a source, so it is one loop without closures per row.
 */
import { type Issue, Misfit, wanted } from './misfit.ts';
import type { FieldReader } from './field.ts';

/** @param names the fields' names, in the order of `readers` */
export function structReader(names: readonly string[], readers: readonly FieldReader[]): (value: unknown) => object {
  const width = names.length;
  const inherited = names.map((name) => name in Object.prototype);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wanted('an object', value);
    const source = value as Record<string, unknown>;
    const plain = isPlain(value);
    const row: Record<string, unknown> = {};
    let issues: Issue[] | undefined;
    for (let i = 0; i < width; i++) {
      const name = names[i]!;
      const own = (plain && !inherited[i]!) || Object.hasOwn(value, name);
      try {
        row[name] = readers[i]!(own ? source[name] : undefined);
      } catch (thrown) {
        issues = [...(issues ?? []), ...Misfit.under(name, thrown)];
      }
    }
    if (issues !== undefined) throw new Misfit(issues);
    return row;
  };
}

/** Its prototype adds no names but those of every object. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
