import type { Params } from '../api/index.ts';
import type { Duration } from '../core/index.ts';
import type { AskedParam, ParamType } from './params.ts';

/** Notes what a job asks for and answers with the fallback, or with something of the right type where there is none. */
export class ListedParams implements Params {
  readonly #asked = new Map<string, AskedParam>();

  string(key: string, fallback?: string): string {
    return this.#note(key, 'string', fallback) ?? '';
  }
  number(key: string, fallback?: number): number {
    return this.#note(key, 'number', fallback) ?? 0;
  }
  boolean(key: string, fallback?: boolean): boolean {
    return this.#note(key, 'boolean', fallback) ?? false;
  }
  duration(key: string, fallback?: Duration): Duration {
    return this.#note(key, 'duration', fallback) ?? '1 second';
  }

  get asked(): readonly AskedParam[] {
    return [...this.#asked.values()];
  }

  #note<T extends AskedParam['fallback']>(key: string, type: ParamType, fallback: T | undefined): T | undefined {
    this.#asked.set(key, { key, type, ...(fallback === undefined ? {} : { fallback }) });
    return fallback;
  }
}

/** What `-- --help` prints: one line a parameter. */
export function paramsHelp(module: string, asked: readonly AskedParam[]): string {
  if (asked.length === 0) return `${module} takes no parameters`;
  const width = Math.max(...asked.map(({ key }) => key.length));
  const lines = asked.map(({ key, type, fallback }) => {
    const otherwise = fallback === undefined ? 'required' : `default ${fallback === '' ? "''" : String(fallback)}`;
    return `  ${key.padEnd(width)}  ${type.padEnd(8)}  ${otherwise}`;
  });
  return [`Parameters of ${module}, as key=value after --:`, ...lines].join('\n');
}
