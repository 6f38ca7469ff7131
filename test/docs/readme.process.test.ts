import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { withServer } from '../nats/server.ts';
import { Folder, Program, reportOf, root } from '../service/weir-process.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const block = (mark: string): string => new RegExp(`<!-- ${mark} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)![1]!;
const example = block('example: readme');

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

describe("the README's jobs, in a folder where only weir was installed,", () => {
  let folder: Folder;
  beforeAll(() => {
    folder = new Folder({ 'readings.ts': example, 'device-averages.ts': block('example: device-averages') });
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

  describe('from stream to stream', () => {
    const nats = withServer();

    test('runs by the commands that stand there, on a server that the `nats` command would take', async () => {
      expect(readFileSync(join(root, 'examples/device-averages.ts'), 'utf8')).toBe(block('example: device-averages'));
      folder.copy('examples', 'examples');
      const [server, ...commands] = block('commands: device-averages').trimEnd().split('\n');
      expect([server, commands.length]).toEqual(['nats-server -js', 3]);
      const context = join(folder.path, 'nats/context');
      mkdirSync(context, { recursive: true });
      writeFileSync(join(context, '../context.txt'), 'test');
      writeFileSync(join(context, 'test.json'), JSON.stringify({ url: nats.server.url }));
      const environment = { XDG_CONFIG_HOME: folder.path, NATS_URL: '', NATS_CONTEXT: '' };
      const weir = join(folder.path, 'node_modules/weir/dist/service/bin.js');
      const begun: Program[] = [];
      onTestFinished(() => begun.forEach(({ child }) => child.kill('SIGKILL')));
      for (const [i, command] of commands.entries()) {
        const [npx, name, ...words] = command
          .replace(/#.*/, '')
          .trim()
          .replace('nats://127.0.0.1:4222', nats.server.url)
          .split(/ +/);
        expect([npx, name]).toEqual(['npx', 'weir']);
        begun.push(new Program(process.execPath, [weir, ...words], folder.path, { environment }));
        await begun[i]!.says([/epoch [1-9]/, /epoch [1-9]/, /device-\d +\d+\.?\d* +\d+/][i]!);
      }
      for (const { child } of begun) child.kill('SIGTERM');
      expect((await Promise.all(begun.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0, 0]);
    });
  });
});
