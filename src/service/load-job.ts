/**
 * Loads a job's module: JavaScript as Node does, TypeScript through tsx, with source maps, so that stack traces show the
 * lines that the user wrote. Works where nothing but weir is installed, on every supported Node.
 */
import { statSync } from 'node:fs';
import { register } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Params } from '../api/index.ts';
import type { JobStatus } from '../cluster/index.ts';
import { ownModule, WeirError } from '../core/index.ts';
import type { OwnModules } from './module-hooks.ts';
import { unlessIdle } from './unless-idle.ts';

export interface JobModule {
  /** As the user wrote it. */
  readonly name: string;
  readonly exported: unknown;
  /** What else the module exports, for messages. */
  readonly names: readonly string[];
  /** Called once after the job has finished, before the report is printed. */
  readonly finished?: (status: JobStatus, params: Params) => void | Promise<void>;
}

const endings: readonly string[] = ['.ts', '.mts', '.tsx', '.js', '.mjs', '.cjs'];

function ownModules(): OwnModules {
  const url = (path: string): string => ownModule(path).href;
  return {
    weir: url('index'),
    'weir/connectors': url('connectors/index'),
    'weir/dstream': url('dstream/index'),
    'weir/testing': url('testing/index'),
  };
}

async function enableTypeScript(): Promise<void> {
  const tsx = await import('tsx/esm/api');
  tsx.register();
}

/**
 * What a module exports; `weir` and its parts are those of this installation.
 *
 * @throws WeirError `E_MODULE` if there is no such file, or if it cannot be loaded
 */
export async function loadModule(module: string): Promise<Record<string, unknown>> {
  const path = resolve(module);
  requireModule(path);
  process.setSourceMapsEnabled(true);
  if (/^\.m?tsx?$/.test(extname(path))) await enableTypeScript();
  register<OwnModules>(ownModule('service/module-hooks'), { data: ownModules() });
  return importModule(module, path);
}

/** @throws WeirError `E_MODULE` as `loadModule` does */
export async function loadJob(module: string): Promise<JobModule> {
  const { default: exported, finished, ...others } = await loadModule(module);
  if (finished !== undefined && typeof finished !== 'function') {
    throw new WeirError('E_MODULE', `${module} exports 'finished' as ${describe(finished)}`, {
      hint: "'finished' is a function (status, params), called once the job has finished",
    });
  }
  return {
    name: module,
    exported,
    names: Object.keys(others).filter((name) => name !== 'module.exports'),
    ...(finished === undefined ? {} : { finished: finished as NonNullable<JobModule['finished']> }),
  };
}

/** @throws WeirError `E_MODULE` for what no job can be loaded from */
function requireModule(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const hint = 'name the file that exports the job, as in `weir run job.ts`';
  if (found === undefined) throw new WeirError('E_MODULE', `there is no file ${path}`, { hint });
  if (found.isDirectory()) throw new WeirError('E_MODULE', `${path} is a folder, not a module`, { hint });
  if (!endings.includes(extname(path)))
    throw new WeirError('E_MODULE', `${path} is no module that holds a job`, { hint: `its name ends in ${endings.join(', ')}` });
}

async function importModule(module: string, path: string): Promise<Record<string, unknown>> {
  try {
    const loaded = import(pathToFileURL(path).href) as Promise<Record<string, unknown>>;
    return ofCommonJs(await unlessIdle(loaded, 'E_MODULE', `loading ${module}`));
  } catch (error) {
    if (error instanceof WeirError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_MODULE', `${module} could not be loaded: ${said}`, {
      cause: error,
      hint: /outside a module|Unexpected token 'export'/.test(said)
        ? 'it is read as CommonJS: call it .mjs, or put "type": "module" into its package.json'
        : 'mend the module; nothing was started',
    });
  }
}

/** What a compiler made of an ES module's exports for CommonJS: Node gives all of them as the default. */
function ofCommonJs(loaded: Record<string, unknown>): Record<string, unknown> {
  const { default: exported } = loaded;
  const compiled = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return compiled ? { ...exported } : loaded;
}

/** A value in words, for messages: `a string`, `an array`, `nothing`. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== 'Object'
    ? `an instance of ${name}`
    : `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no keys'}`;
}
