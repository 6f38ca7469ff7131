// A copy of the sources in which one rule is broken. The engine that is built and published knows nothing of this.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['src', 'test/golden', 'test/simulation', 'types', 'package.json', 'tsconfig.json'];

/** @param mutant `{ file, from, to }`: what of a file is replaced, which must be there once */
export async function mutatedTree({ file, from, to }) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-mutant-'));
  for (const part of parts) await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const text = await readFile(join(folder, file), 'utf8');
  const times = text.split(from).length - 1;
  if (times !== 1) throw new Error(`${file} holds what is to be replaced ${times} times, not once:\n${from}`);
  await writeFile(
    join(folder, file),
    text.replace(from, () => to),
  );
  return { program: join(folder, 'test/simulation/lives-child.ts'), remove: () => rm(folder, { recursive: true, force: true }) };
}
