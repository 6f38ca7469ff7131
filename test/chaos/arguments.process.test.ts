import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../chaos', import.meta.url));
const programs = readdirSync(folder).filter((name) => name.endsWith('.mjs') && name !== 'arguments.mjs');

describe('a program that is given a word that it does not know', () => {
  test.each(programs)('says which there are, and does nothing: %s', (name) => {
    const words = name === 'conformance.mjs' ? ['cases', '--sede', '5'] : ['--sede', '5'];
    const { status, stderr } = spawnSync(process.execPath, [name, ...words], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^there is no '--sede' here: there are (--[a-z-]+(, )?)+\n$/)]);
  });
});
