/**
 * A TypeScript module of the user's, and what it imports of theirs, put together into one module that Node can load.
 *
 * Types go, `enum` and decorators become JavaScript, each file keeps its own `import.meta` (but for `resolve`), and a source map says which line
 * was which.
 * JavaScript, in packages too, stays where it is and is loaded by Node; `weir` and its parts are those that are given. An `import()` of what is
 * only known while the job runs is not followed: it needs the URL of a file that Node can load.
 * Owns: what becomes part of the module. Does not own: when and from where it is loaded (load-job.ts).
 */
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, Message, Plugin, PluginBuild } from 'esbuild';
import type { OwnModules } from './module-hooks.ts';

const loaders = { '.ts': 'ts', '.mts': 'ts', '.tsx': 'tsx' } as const;
/** Becomes part of the module, even out of a package; all else is loaded by Node. */
const isPart = (path: string): boolean => Object.hasOwn(loaders, extname(path)) || extname(path) === '.json';
/** What `import.meta` is called in the module: each file has its own. */
const meta = '__weirImportMeta';

export interface ModuleBundle {
  /** Files that Node loads beside it: any of them may import `weir`, too. */
  readonly beside: readonly string[];
}

/**
 * Writes it.
 *
 * @param to the file, in a folder without symbolic links: the source map is relative to it
 * @throws Error with the place of what is wrong
 */
export async function bundleModule(path: string, to: string, own: OwnModules): Promise<ModuleBundle> {
  const { build } = await import('esbuild'); // a job in JavaScript does not need it
  const beside = new Set<string>();
  try {
    await build({
      entryPoints: [path],
      outfile: to,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: `node${process.versions.node}`,
      conditions: [],
      sourcemap: 'inline',
      charset: 'utf8',
      define: { 'import.meta': meta },
      logLevel: 'silent',
      plugins: [partsOf(own, beside)],
    });
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    throw new Error(errors.map(messageText).join('; '), { cause: error });
  }
  return { beside: [...beside] };
}

function partsOf(own: OwnModules, beside: Set<string>): Plugin {
  return {
    name: 'weir',
    setup(build: PluginBuild): void {
      build.onResolve({ filter: /.*/ }, async ({ path: asked, kind, importer, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === beside) return undefined;
        const ours = own[asked];
        if (ours !== undefined) return { path: ours, external: true };
        const path = asked.startsWith('file:') ? fileURLToPath(asked) : asked;
        if (isBuiltin(path) || /^\w{2,}:/.test(path)) return { path, external: true };
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: beside });
        const isMissing = found.errors.length > 0;
        if (isMissing && kind === 'dynamic-import') return { path, external: true }; // it may never come to it
        if (isMissing || isPart(found.path)) return found;
        beside.add(found.path);
        return { path: pathToFileURL(found.path).href, external: true };
      });
      build.onLoad({ filter: /\.m?tsx?$/ }, async ({ path }) => {
        const loader = loaders[extname(path) as keyof typeof loaders];
        return { contents: withMeta(await readFile(path, 'utf8'), path), loader, resolveDir: dirname(path) };
      });
    },
  };
}

/** In front of the first line, so that all lines stay where they are. */
function withMeta(source: string, path: string): string {
  if (!source.includes('import.meta')) return source;
  const own = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) };
  return `const ${meta} = ${JSON.stringify(own)}; ${source.replace(/^\uFEFF?#!/, '//')}`;
}

function messageText({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
