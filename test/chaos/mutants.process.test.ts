// A few engines that are broken on purpose, and the simulated clusters that notice; `npm run mutants` tries out all of them.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Program, root } from '../service/weir-process.ts';

test('engines that are broken on purpose are found out, which work as long as nothing happens', {
  timeout: 300_000,
}, async () => {
  const names = ['aborted-delta-is-dropped', 'commits-before-it-is-complete'];
  const few = ['--searches', '1', '--seeds', '60', '--peaceful', '4'];
  const words = [join(root, 'chaos/mutants.mjs'), '--json', ...few, '--only', names.join(',')];
  const { code, stdout, stderr } = await new Program(process.execPath, words, root).ended;
  expect([code, stderr]).toEqual([0, '']);
  const { mutants, caught, results } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
    mutants: number;
    caught: number;
    results: { mutant: string; passesInPeace: boolean; caught: boolean }[];
  };
  expect([mutants, caught]).toEqual([names.length, names.length]);
  expect(results.map(({ mutant, passesInPeace }) => [mutant, passesInPeace])).toEqual(names.map((name) => [name, true]));
});
