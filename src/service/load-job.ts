/**
 * Loads a job's module: JavaScript as Node does, TypeScript put together into one module, with source maps, so that stack traces show
 * the lines that the user wrote. Works where nothing but weir is installed, on every supported Node.
 */
import { realpathSync, statSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { createRequire, register } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Params } from '../api/index.ts';
import type { JobStatus } from '../cluster/index.ts';
import { ownModule, WeirError } from '../core/index.ts';
import { bundleModule } from './module-bundle.ts';
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

/** Its hooks have a thread of their own, which costs what a small job does: where `weir` is found as it is, they are not needed. */
function meanOwnModules(modules: OwnModules): void {
  register<OwnModules>(ownModule('service/module-hooks'), { data: modules });
}

/** Whether files beside this one find this very installation by themselves. */
function findsOwn(path: string, { weir }: OwnModules): boolean {
  try {
    return weir !== undefined && realpathSync(createRequire(path).resolve('weir')) === realpathSync(fileURLToPath(weir));
  } catch {
    return false;
  }
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
  const loading = /^\.m?tsx?$/.test(extname(path)) ? importTypeScript(path) : importJavaScript(path);
  return loadedFrom(module, loading);
}

function importJavaScript(path: string): Promise<Record<string, unknown>> {
  meanOwnModules(ownModules());
  return importFile(path);
}

async function importTypeScript(path: string): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'weir-job-'));
  try {
    const own = ownModules();
    const file = join(folder, `${basename(path, extname(path))}.mjs`);
    const { beside } = await bundleModule(path, file, own);
    if (beside.some((other) => !findsOwn(other, own))) meanOwnModules(own);
    return await importFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const importFile = async (path: string): Promise<Record<string, unknown>> => import(pathToFileURL(path).href);

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

async function loadedFrom(module: string, loading: Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  try {
    return ofCommonJs(await unlessIdle(loading, 'E_MODULE', `loading ${module}`));
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
