import { describe, expect, test } from 'vitest';
import { Folder, root } from './weir-process.ts';

const job = (name = 'copy'): string => `
import { from, json, pipeline, type Params } from 'weir';
import { file } from 'weir/connectors';

export default async (params: Params) => {
  const rows = params.number('rows', 3);
  const output = params.string('output', 'out');
  const input: { n: number }[] = Array.from({ length: rows }, (_, n) => ({ n }));
  return pipeline({ name: '${name}', outputs: [from(input).map((row) => ({ twice: row.n * 2 })).to(file.sink({ path: output + '/copy.jsonl' }))] });
};
`;

describe('weir run refuses, with exit code 2 and before anything is started,', () => {
  const cases: readonly [what: string, args: string[], says: RegExp][] = [
    ['a module that is not there', ['run', 'jbo.ts'], /^weir: E_MODULE there is no file .*jbo\.ts$/m],
    ['a folder', ['run', '.'], /^weir: E_MODULE .* is a folder, not a module$/m],
    [
      'a file that is no module',
      ['run', 'job.jsx'],
      /^weir: E_MODULE .*job\.jsx is no module that holds a job\n {2}.* in \.ts, /m,
    ],
    [
      'an ES module that is read as CommonJS',
      ['run', 'esm.cjs'],
      /^weir: E_MODULE esm\.cjs could not be loaded: .*\n {2}it is read as CommonJS: call it \.mjs/m,
    ],
    [
      'a module that waits for nothing',
      ['run', 'waits.ts'],
      /^weir: E_MODULE loading waits\.ts never came to an end: nothing is left to do, and yet it waits$/m,
    ],
    [
      'a function that waits for nothing',
      ['plan', 'never.ts'],
      /^weir: E_MODULE the function that never\.ts exports never came to an end/m,
    ],
    [
      'parameters without --',
      ['run', 'job.ts', 'rows=7'],
      /^weir: E_USAGE too many arguments[^\n]*\n {2}the parameters of the job stand behind --: weir run job\.ts -- rows=7$/m,
    ],
    ['an empty folder for the state', ['run', 'job.ts', '--state-dir='], /^weir: E_USAGE .*It is the path of a folder\.$/m],
    ['a module without default export', ['run', 'none.ts'], /^weir: E_MODULE none\.ts has no default export, only a, b$/m],
    [
      'a default export that is no pipeline',
      ['run', 'text.ts'],
      /^weir: E_MODULE the default export of text\.ts is a string, not a pipeline$/m,
    ],
    [
      'a function that gives none',
      ['run', 'other.ts'],
      /^weir: E_MODULE the function that other\.ts exports gave an object with name instead of a pipeline$/m,
    ],
    [
      'a module that does not compile, with its line',
      ['run', 'wrong.ts'],
      /^weir: E_MODULE wrong\.ts could not be loaded: [\s\S]*wrong\.ts:2/m,
    ],
    [
      'a module that throws, with its line',
      ['run', 'throws.ts'],
      /^weir: E_MODULE throws\.ts could not be loaded: no luck$[\s\S]*throws\.ts:4:/m,
    ],
    [
      'an unknown flag, with the nearest',
      ['run', 'job.ts', '--paralelism', '4'],
      /^weir: E_USAGE unknown option '--paralelism' \(Did you mean --parallelism\?\)$/m,
    ],
    [
      'a flag that does not parse',
      ['run', 'job.ts', '--parallelism', '1.5'],
      /^weir: E_USAGE .*'1\.5' is invalid.* It is a whole number from 1 to 128\.$/m,
    ],
    [
      'one process with several workers',
      ['run', 'job.ts', '--transport', 'memory', '--workers', '2'],
      /^weir: E_USAGE --transport memory is one process, and cannot have 2 workers$/m,
    ],
    [
      'a worker that is told no server',
      ['worker', 'job.ts'],
      /^weir: E_USAGE nothing names the NATS server of the coordinator$/m,
    ],
    ['a worker with parameters', ['worker', 'job.ts', '--', 'x=1'], /^weir: E_USAGE a worker takes no parameters/m],
    ['an unknown transport', ['run', 'job.ts', '--transport', 'memroy'], /^weir: E_USAGE .*Did you mean memory\?$/m],
    ['no module', ['run'], /^weir: E_USAGE missing required argument 'module'$/m],
    ['an unknown verb', ['rnu', 'job.ts'], /^weir: E_USAGE unknown command 'rnu' \(Did you mean run\?\)$/m],
    [
      'an unknown parameter, with the nearest',
      ['run', 'job.ts', '--', 'outptu=x'],
      /^weir: E_USAGE unknown parameter 'outptu'\n {2}did you mean 'output'\?/m,
    ],
    [
      'a parameter that does not parse',
      ['run', 'job.ts', '--', 'rows=many'],
      /^weir: E_USAGE the parameter rows=many is not a number$/m,
    ],
  ];
  const files = {
    'job.ts': job(),
    'job.jsx': job(),
    'esm.cjs': "import { pipeline } from 'weir';\nexport default pipeline;",
    'waits.ts': 'export default await new Promise(() => {});',
    'never.ts': 'export default () => new Promise(() => {});',
    'none.ts': 'export const a = 1; export const b = 2;',
    'text.ts': "export default 'job';",
    'other.ts': "export default () => ({ name: 'x' });",
    'wrong.ts': 'const fine = 1;\nconst = 2;',
    'throws.ts': "interface A { a: string }\ninterface B { b: string }\n\nthrow new Error('no luck');",
  };

  test.concurrent.each(cases)('%s', async (_what, args, says) => {
    using folder = new Folder(files);
    const { code, stdout, stderr } = await folder.weir(...args).ended;
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('weir', () => {
  test('lists the parameters of a job, with types and defaults', async () => {
    using folder = new Folder({ 'job.ts': job() });
    const { code, stdout } = await folder.weir('run', 'job.ts', '--', '--help').ended;
    expect([code, stdout]).toEqual([
      0,
      'Parameters of job.ts, as key=value after --:\n  rows    number    default 3\n  output  string    default out\n',
    ]);
  });

  test('takes what a compiler made CommonJS of', async () => {
    const text = `Object.defineProperty(exports, '__esModule', { value: true });
const { from, pipeline } = require('${root}/dist/index.js');
const { file } = require('${root}/dist/connectors/index.js');
exports.default = () => pipeline({ name: 'compiled', outputs: [from([{ n: 1 }]).to(file.sink({ path: 'out/n.jsonl' }))] });
exports.finished = () => console.log('every row is there');`;
    using folder = new Folder({ 'job.cjs': text });
    const { code, stdout } = await folder.weir('run', 'job.cjs').ended;
    expect([code, stdout.includes('every row is there\n')]).toEqual([0, true]);
  });

  test('is the one copy of itself, in a folder without it, for JavaScript beside a job in TypeScript', async () => {
    using folder = new Folder({
      'job.ts': job()
        .replace('from(input)', 'starting(input)')
        .replace('import { file }', "import { starting } from './starting.mjs';\nimport { file }"),
      'starting.mjs': "import { from } from 'weir';\nexport const starting = (rows) => from(rows);",
    });
    const { code, stdout, stderr } = await folder.weir('run', 'job.ts').ended;
    expect([code, stderr.includes('E_MODULE'), stdout.includes('"rowsOut":3')]).toEqual([0, false, true]);
  });

  test('prints the plan of a job', async () => {
    using folder = new Folder({ 'job.ts': job() });
    const { code, stdout } = await folder.weir('plan', 'job.ts', '--', 'rows=7').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/copy\.jsonl/);
  });

  test('helps', async () => {
    using folder = new Folder();
    const { code, stdout } = await folder.weir('run', '--help').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/--shutdown-timeout[\s\S]*'finished', a function \(status, params\)[\s\S]*Exit codes: 0 finished/);
  });

  test('without a command shows what there is, and exits 2', async () => {
    using folder = new Folder();
    const { code, stderr } = await folder.weir().ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/Usage: weir[\s\S]*run [\s\S]*plan /);
  });
});
