/**
 * The `key=value` words after `--`, as a job asks for them.
 *
 * Owns: reading the words, their types, and the refusal of what nobody asked for. A job's function asks for a parameter by
 * calling a method, so which there are is known only after the call: `refuseUnasked` stands behind it.
 * Does not own: the list of `-- --help` (params-help.ts).
 */
import { nearestName, type Params } from '../api/index.ts';
import { type Duration, durationMs, WeirError } from '../core/index.ts';

export type ParamType = 'string' | 'number' | 'boolean' | 'duration';
/** A parameter that the job asked for; required without a fallback. */
export interface AskedParam {
  readonly key: string;
  readonly type: ParamType;
  readonly fallback?: string | number | boolean;
}

const parsers = {
  string: (text: string): string => text,
  number: (text: string): number | undefined => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined),
  boolean: (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined),
  duration: (text: string): Duration | undefined => (isDuration(text) ? (text as Duration) : undefined),
} as const;
const forms: Readonly<Record<ParamType, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  duration: "a duration, as '10 minutes'",
};

function isDuration(text: string): boolean {
  try {
    durationMs(text, 'a parameter');
    return true;
  } catch {
    return false; // it says no more than that the text is none
  }
}

function read(words: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new WeirError('E_USAGE', `'${word}' is not a parameter: write key=value`);
    const key = word.slice(0, at);
    if (given.has(key)) throw new WeirError('E_USAGE', `the parameter '${key}' is given twice`);
    given.set(key, word.slice(at + 1));
  }
  return given;
}

export class CommandParams implements Params {
  readonly #given: ReadonlyMap<string, string>;
  readonly #asked = new Map<string, AskedParam>();

  /** @throws WeirError `E_USAGE` for a word that is not `key=value`, or a key that comes twice */
  constructor(words: readonly string[]) {
    this.#given = read(words);
  }

  string(key: string, fallback?: string): string {
    return this.#value(key, 'string', fallback);
  }
  number(key: string, fallback?: number): number {
    return this.#value(key, 'number', fallback);
  }
  boolean(key: string, fallback?: boolean): boolean {
    return this.#value(key, 'boolean', fallback);
  }
  duration(key: string, fallback?: Duration): Duration {
    return this.#value(key, 'duration', fallback);
  }

  /** @throws WeirError `E_USAGE` if a word was given that the job never asked for */
  refuseUnasked(): void {
    const keys = [...this.#asked.keys()];
    for (const key of this.#given.keys()) {
      if (this.#asked.has(key)) continue;
      const meant = nearestName(key, keys);
      const known = keys.length === 0 ? 'the job takes no parameters' : `the job takes: ${keys.join(', ')}`;
      throw new WeirError('E_USAGE', `unknown parameter '${key}'`, {
        hint: meant === undefined ? known : `did you mean '${meant}'? ${known}`,
      });
    }
  }

  #value<T extends ParamType>(key: string, type: T, fallback: NonNullable<ReturnType<(typeof parsers)[T]>> | undefined) {
    this.#asked.set(key, { key, type, ...(fallback === undefined ? {} : { fallback }) });
    const text = this.#given.get(key);
    if (text === undefined) return fallback ?? this.#missing(key, type);
    const value = parsers[type](text) as typeof fallback;
    if (value === undefined) throw new WeirError('E_USAGE', `the parameter ${key}=${text} is not ${forms[type]}`);
    return value;
  }

  #missing(key: string, type: ParamType): never {
    const unasked = [...this.#given.keys()].filter((given) => !this.#asked.has(given));
    const meant = nearestName(key, unasked);
    const hint = meant === undefined ? `add it after --: ${key}=…` : `did you mean '${key}' where you wrote '${meant}'?`;
    throw new WeirError('E_USAGE', `the job needs the parameter '${key}', ${forms[type]}`, { hint });
  }
}
