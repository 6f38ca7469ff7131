import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, Program, root } from '../service/weir-process.ts';

const bench = (...words: string[]): Promise<Ended> =>
  new Program(process.execPath, [join(root, 'bench/run.mjs'), ...words], root).ended;

interface Measure {
  readonly what: string;
  readonly ratio?: number;
  readonly goal?: string;
  readonly met?: boolean;
}

describe('npm run bench', () => {
  test.each([['checkpoints'], ['--keys'], ['--keys 10,,20'], ['--keys 1e6'], ['--pairs 0'], ['--events none']])(
    'refuses %s',
    async (words) => {
      const { code, stdout, stderr } = await bench(...words.split(' '));
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^what is '.*'\?\nusage: npm run bench -- \[flights\|nats\|checkpoint\|latency\|scale\|nexmark …\]/);
    },
  );

  test('checkpoint says what checkpoints cost, and how long a barrier keeps rows', async () => {
    const { code, stdout, stderr } = await bench('checkpoint', '--quick', '--keys', '1000', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { measures, pairs, fault } = JSON.parse(stdout).benchmarks.checkpoint as {
      measures: Measure[];
      pairs: number;
      fault?: string;
    };
    expect({ pairs, fault }).toEqual({ pairs: 1, fault: undefined });
    const goals = measures
      .filter(({ goal }) => goal !== undefined)
      .map(({ what, goal }) => `${what.replace(/\d+\)/, 'n)')}: ${goal}`);
    expect(goals).toEqual([
      '1000 keys, each 100 ms: pause at a barrier (n): <= 20 ms',
      '1000 keys, each 1 s: CPU time of a million rows: <= 1.05',
      '1000 keys, each 1 s: wall time of a million rows: <= 1.05',
      '1000 keys, each 1 s: pause at a barrier (n): <= 20 ms',
    ]);
    for (const { what, ratio, met } of measures)
      if (ratio !== undefined && met !== undefined) expect({ what, met }).toEqual({ what, met: ratio <= 1.05 });
  });
});
