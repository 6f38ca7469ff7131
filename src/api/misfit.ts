/** Why a value does not fit a field: one or more issues, each with the path to it. Never leaves src/api. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export class Misfit extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: string | readonly Issue[]) {
    super('a value does not fit');
    this.issues = typeof issues === 'string' ? [{ path: [], message: issues }] : issues;
  }

  /** The issues of what was thrown while reading the part `key`; what is no misfit goes on. */
  static under(key: PropertyKey, thrown: unknown): readonly Issue[] {
    if (!(thrown instanceof Misfit)) throw thrown;
    return thrown.issues.map(({ path, message }) => ({ path: [key, ...path], message }));
  }
}

/** `tags[2]: expected a string, got 3; at: is missing`. */
export function issuesText(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${pathText(path)}: ${message}`)).join('; ');
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? String(key) : `.${String(key)}`)).join('');
}

/** The misfit of a value that is not what was wanted; a value that is not there is called missing. */
export function wanted(what: string, value: unknown): Misfit {
  if (value === undefined) return new Misfit('is missing');
  return new Misfit(value === null ? 'is null' : `expected ${what}, got ${shown(value)}`);
}

/** A value as a message shows it: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `'${value.slice(0, 40)}…'` : `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return value instanceof Date ? 'a Date' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
