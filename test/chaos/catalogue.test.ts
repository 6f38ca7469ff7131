// Each mutant of chaos/mutants breaks something that is there: once.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Mutant {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}
const root = join(import.meta.dirname, '../..');
const catalogue = join(root, 'chaos/mutants');

test.each(readdirSync(catalogue))('%s replaces one place of the engine', async (name) => {
  const { file, from, to } = (await import(join(catalogue, name))) as Mutant;
  expect(readFileSync(join(root, file), 'utf8').split(from).length - 1).toBe(1);
  expect(to).not.toBe(from);
});
