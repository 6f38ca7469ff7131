import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Folder, Program, reportOf, root } from '../service/weir-process.ts';

const example = /<!-- example: readme -->\n```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))![1]!;

/** What `npm i weir` puts there: the packed files, and beside them what they depend on (linked, so that no network is needed). */
function installPacked(folder: Folder): void {
  const modules = join(folder.path, 'node_modules');
  const own = join(modules, 'weir');
  mkdirSync(own, { recursive: true });
  const options: ExecFileSyncOptionsWithStringEncoding = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path], options),
  ) as { filename: string }[];
  execFileSync('tar', ['-xzf', join(folder.path, packed!.filename), '-C', own, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
}

describe("the README's job, in a folder where only weir was installed,", () => {
  let folder: Folder;
  beforeAll(() => {
    folder = new Folder({ 'readings.ts': example });
    installPacked(folder);
    return () => folder[Symbol.dispose]();
  });

  test.each(['typescript/bin/tsc', 'ts6/bin/tsc'])('passes %s, strict', async (compiler) => {
    writeFileSync(
      join(folder.path, 'tsconfig.json'),
      '{ "compilerOptions": { "strict": true, "noEmit": true, "module": "nodenext", "target": "es2022", "types": [] }, "include": ["*.ts"] }',
    );
    const { code, stdout } = await new Program(process.execPath, [join(root, 'node_modules', compiler), '-p', '.'], folder.path)
      .ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('runs by the name of the package', async () => {
    const weir = join(folder.path, 'node_modules/weir/dist/service/bin.js');
    const end = await new Program(process.execPath, [weir, 'run', 'readings.ts', '--', 'rows=2000'], folder.path).ended;
    expect(end.stderr).not.toMatch(/weir: E_/);
    expect(end.code).toBe(0);
    expect(reportOf(end)).toMatchObject({ job: 'readings', rowsIn: 2000, rowsLate: 50 });
    expect(readdirSync(folder.path)).toEqual(expect.arrayContaining(['averages.jsonl', 'late.jsonl']));
  });
});
