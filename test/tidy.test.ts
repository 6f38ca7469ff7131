// Holds the shape of the code to what src/README.md and the docs say of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../src/core/index.ts';
import { readLayers } from './tidy/layers.ts';
import {
  ambientFaults,
  importFaults,
  orphans,
  shapeFaults,
  unprovokedCodes,
  untestedInvariants,
  unverifiedOperators,
} from './tidy/rules.ts';
import { facts, root, sources } from './tidy/source-facts.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = sources('src');
const tests = sources('test').filter(({ path }) => !path.startsWith('test/tidy'));
const layers = readLayers(read('src/README.md'));

/** Where programs and packages begin; nothing of ours imports these. */
const entries = [
  'src/index.ts',
  'src/connectors/index.ts',
  'src/dstream/index.ts',
  'src/testing/index.ts',
  'src/service/index.ts',
  'src/service/bin.ts',
  'src/runtime/remote/life-thread.ts', // a thread
  'src/service/job-thread.ts', // a thread
  'src/chaos/agent.ts', // loaded into processes under chaos
];
/** The only folders that touch the real clock, randomness, timers and environment. */
const ambientFolders = ['runtime', 'service'];
/** Why each of these may nevertheless. */
const ambientExceptions: Readonly<Record<string, string>> = {
  'src/chaos/agent.ts': 'it is loaded into processes that it is to harm',
  'src/testing/stream-run.ts':
    "its clock stands still, but the stores' promises settle in Node's own loop, to which it has to yield",
  'src/testing/simulation/timeline.ts':
    'its time is virtual, and between two events all promises settle, which only Node can tell',
};

describe('the sources', () => {
  test('stand in the folders of the layer table', () => {
    expect(layers.folders.length).toBeGreaterThan(10);
    const folders = new Set(
      files
        .map(({ path }) => path.split('/'))
        .filter((parts) => parts.length > 2)
        .map((parts) => parts[1]!),
    );
    expect([...folders].filter((folder) => !layers.folders.includes(folder))).toEqual([]);
  });

  test('import only what the layer table allows, and through index.ts', () => {
    expect(importFaults(files, layers)).toEqual([]);
  });

  test('are all imported by another, or the begin of something', () => {
    expect(orphans(files, entries)).toEqual([]);
  });

  test('take clock, randomness, timers and environment from outside', () => {
    expect(
      ambientFaults(
        files.filter(({ path }) => ambientExceptions[path] === undefined),
        ambientFolders,
      ),
    ).toEqual([]);
  });

  test('are small, say what they are, and leave nothing to do', () => {
    expect(shapeFaults([...files, ...tests])).toEqual([]);
  });

  test('hold no operator that verifyOperator has not been through', () => {
    expect(unverifiedOperators(files, tests)).toEqual([]);
  });

  test('report no error that no test provokes', () => {
    expect(unprovokedCodes(Object.keys(errorCodes), tests)).toEqual([]);
  });

  test('promise no invariant that no test names', () => {
    expect(untestedInvariants(files, tests)).toEqual([]);
  });
});

describe('tidy itself', () => {
  const table =
    '| `core` | words | |\n| `batch`, `plan` | x | |\n| `api` | y | |\n\n`src/index.ts` is the door and may import from `api`.';
  const rules = readLayers(table);
  const file = (path: string, text: string) => facts(path, text);

  test('sees an import upwards, sideways and past the door', () => {
    const wrong = [
      file('src/core/a.ts', "import { b } from '../batch/index.ts';"),
      file('src/batch/a.ts', "export type { B } from '../plan/index.ts';"),
      file('src/api/a.ts', "import '../plan/planner.ts';"),
      file('src/index.ts', "import '../src/core/index.ts';"),
    ];
    expect(importFaults(wrong, rules).length).toBe(4);
    expect(
      importFaults([file('src/api/a.ts', "import { x } from '../plan/index.ts'; import { y } from './b.ts';")], rules),
    ).toEqual([]);
  });

  test('sees what is ambient, but not in words', () => {
    const { ambient } = file(
      'src/plan/a.ts',
      "// Date.now()\nconst s = 'Math.random()'; Date.now(); new Date(); new Date(1); setTimeout(f, 1); clock.setTimeout(f); process.env.X;",
    );
    expect(ambient).toEqual(['Date.now', 'new Date()', 'setTimeout()', 'process.env']);
  });

  test('sees orphans, unverified operators, unprovoked codes and untested invariants', () => {
    const operator = file(
      'src/operators/map-operator.ts',
      "/** Invariants: O1 x; O2 y. */\nexport class MapOperator { f() { invariant(a, 'O3: z'); } }",
    );
    const loose = file(
      'test/a.test.ts',
      "test('O1 and O3 hold', () => { throw new WeirError('E_SINK', 'x'); expect(code).toBe('E_SOURCE'); })",
    );
    expect(orphans([operator], [])).toEqual(['src/operators/map-operator.ts']);
    expect(unverifiedOperators([operator], [loose])).toEqual(['src/operators/map-operator.ts']);
    expect(unverifiedOperators([operator], [file('test/b.test.ts', 'verifyOperator(() => new MapOperator())')])).toEqual([]);
    expect(unprovokedCodes(['E_SINK', 'E_SOURCE'], [loose])).toEqual(['E_SINK']);
    expect(untestedInvariants([operator], [loose])).toEqual(['O2 (src/operators/map-operator.ts)']);
  });
});
