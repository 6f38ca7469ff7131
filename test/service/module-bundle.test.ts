import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleModule } from '../../src/service/module-bundle.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'weir-bundle-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** What `job.ts` exports once it is put together and loaded, and what is beside it. */
async function loaded(files: Readonly<Record<string, string>>, own: Readonly<Record<string, string>> = {}) {
  write(files);
  const to = join(folder, 'out', 'job.mjs');
  const { beside } = await bundleModule(join(folder, 'job.ts'), to, own);
  const exported = (await import(pathToFileURL(to).href)) as Record<string, unknown>;
  return { exported, beside, text: readFileSync(to, 'utf8') };
}

describe('a TypeScript module becomes one that Node loads', () => {
  test('with the TypeScript, and the JSON, that it imports', async () => {
    const { exported, beside } = await loaded({
      'job.ts': `import { a } from '${pathToFileURL(join(folder, 'parts/a.ts')).href}';
        import more from './more.json';
        export default [a, more.b] as const;`,
      'parts/a.ts': "import { type T, E } from '../b.js';\nexport const a: T = E.One;",
      'b.ts': "export enum E { One = 'one' }\nexport type T = E;",
      'more.json': '{ "b": 2 }',
    });
    expect(exported.default).toEqual(['one', 2]);
    expect(beside).toEqual([]);
  });

  test('in which each file is still where it was', async () => {
    const { exported } = await loaded({
      'job.ts': "#!/usr/bin/env node\nexport { other } from './parts/other.ts';\nexport const here = import.meta.url;",
      'parts/other.ts': 'const { filename, dirname } = import.meta;\nexport const other = { filename, dirname };',
    });
    expect(exported.here).toBe(pathToFileURL(join(folder, 'job.ts')).href);
    expect(exported.other).toEqual({ filename: join(folder, 'parts/other.ts'), dirname: join(folder, 'parts') });
  });

  test('with what it imports later', async () => {
    const { exported } = await loaded({
      'job.ts': "export default async () => (await import('./later.ts')).later;",
      'later.ts': "export const later = 'now';",
    });
    expect(await (exported.default as () => Promise<string>)()).toBe('now');
  });

  test('which may do without what it imports later', async () => {
    const { exported } = await loaded({
      'job.ts': "export default async () => import('no-such-package').then(() => 'there', () => 'without');",
    });
    expect(await (exported.default as () => Promise<string>)()).toBe('without');
  });

  test('in which lines are those that were written', async () => {
    write({ 'job.ts': "interface Long {\n  a: string;\n}\n\nexport const at = import.meta.url;\nthrow new Error('no luck');" });
    const to = join(folder, 'job.mjs');
    await bundleModule(join(folder, 'job.ts'), to, {});
    const text = readFileSync(to, 'utf8');
    const map = JSON.parse(Buffer.from(text.split('base64,')[1]!, 'base64').toString()) as {
      sources: string[];
      sourcesContent: string[];
    };
    expect(map.sources).toEqual(['job.ts']);
    expect(map.sourcesContent[0]!.split('\n')[5]).toBe("throw new Error('no luck');");
  });

  test('beside which JavaScript and packages stay where they are, each the only one of its kind', async () => {
    const { exported, beside } = await loaded({
      'job.ts':
        "import { sum } from 'adds';\nimport { helper } from './helper.mjs';\nimport { createRequire } from 'node:module';\n" +
        "import { basename } from 'path';\nexport default { sum, helper, createRequire, base: basename('a/b') };",
      'helper.mjs': "import { sum } from 'adds';\nexport const helper = sum;",
      'node_modules/adds/package.json':
        '{ "name": "adds", "type": "module", "exports": { "module": "./m.js", "import": "./i.js", "require": "./r.cjs" } }',
      'node_modules/adds/i.js': "export const sum = () => 'imported';",
      'node_modules/adds/m.js': "export const sum = () => 'for bundlers';",
      'node_modules/adds/r.cjs': "exports.sum = () => 'required';",
    });
    const { sum, helper, base } = exported.default as { sum: () => string; helper: () => string; base: string };
    expect(sum()).toBe('imported');
    expect(helper).toBe(sum);
    expect(base).toBe('b');
    expect(beside.toSorted()).toEqual([join(folder, 'helper.mjs'), join(folder, 'node_modules/adds/i.js')]);
  });

  test('in which `weir` is what it is said to be, whatever lies there', async () => {
    const { exported, beside } = await loaded(
      {
        'job.ts': "export { which } from 'weir';",
        'installed.mjs': "export const which = 'ours';",
        'node_modules/weir/package.json': '{ "name": "weir", "type": "module", "exports": "./index.js" }',
        'node_modules/weir/index.js': "export const which = 'another';",
      },
      { weir: pathToFileURL(join(folder, 'installed.mjs')).href },
    );
    expect(exported.which).toBe('ours');
    expect(beside).toEqual([]);
  });

  test('with packages of the same workspace that are TypeScript', async () => {
    write({ 'packages/shared/package.json': '{ "name": "shared", "type": "module", "exports": "./index.ts" }' });
    write({ 'packages/shared/index.ts': "export const shared: string = 'yes';", 'node_modules/.keep': '' });
    symlinkSync(join(folder, 'packages/shared'), join(folder, 'node_modules/shared'));
    const { exported } = await loaded({ 'job.ts': "export { shared } from 'shared';" });
    expect(exported.shared).toBe('yes');
  });
});

test('a package may be TypeScript, and hold the job', async () => {
  const where = 'node_modules/jobs';
  write({
    [`${where}/package.json`]: '{ "name": "jobs", "exports": "./part.ts" }',
    [`${where}/part.ts`]: 'export const part: string = import.meta.filename;',
    [`${where}/job.ts`]: "export { part } from 'jobs';\nexport const here = import.meta.filename;",
  });
  const to = join(folder, 'job.mjs');
  expect(await bundleModule(join(folder, where, 'job.ts'), to, {})).toEqual({ beside: [] });
  const { part, here } = (await import(pathToFileURL(to).href)) as Record<string, string>;
  expect([part, here]).toEqual([join(folder, where, 'part.ts'), join(folder, where, 'job.ts')]);
});

describe('what is wrong is said with its place', () => {
  const failing = async (files: Readonly<Record<string, string>>): Promise<string> => {
    write(files);
    return bundleModule(join(folder, 'job.ts'), join(folder, 'job.mjs'), {}).then(
      () => 'nothing was wrong',
      (error: Error) => error.message,
    );
  };

  test('what does not parse', async () => {
    expect(await failing({ 'job.ts': 'const a = 1;\nconst = 2;' })).toMatch(/job\.ts:2:7: Expected/);
  });

  test('what is not there', async () => {
    expect(await failing({ 'job.ts': "import './parts/a.ts';", 'parts/a.ts': "\nimport './b.ts';" })).toMatch(
      /parts\/a\.ts:2:8: Could not resolve "\.\/b\.ts"$/,
    );
    expect(await failing({ 'job.ts': "import { z } from 'no-such-package';\nexport default z;" })).toMatch(
      /job\.ts:1:19: Could not resolve "no-such-package"$/,
    );
  });
});
