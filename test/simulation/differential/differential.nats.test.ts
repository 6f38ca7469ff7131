// A short slice of chaos/differential.mjs, with a fixed seed: that the simulated NATS answers as the server that is here, and that
// a simulation of another version is seen to answer otherwise.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { natsServerBinary } from '../../nats/server.ts';
import { answersOf, differencesOf, listsOf } from './compare.ts';
import { realServer, simulatedServer } from './servers.ts';

const lists = listsOf(1, 25);
let version = '';
let real: string[][] = [];
beforeAll(async () => {
  if (inject('natsServer').skipped !== undefined) return;
  const directory = await mkdtemp(join(tmpdir(), 'weir-differential-'));
  const server = await realServer(directory, natsServerBinary());
  version = server.version;
  real = await answersOf(lists, server);
  await rm(directory, { recursive: true });
}, 120_000);

describe('the simulated NATS', () => {
  test('answers random operations as a real server does', async ({ skip }) => {
    if (version === '') skip();
    const simulated = await answersOf(lists, await simulatedServer(version));
    expect(differencesOf(lists, real, simulated)).toEqual([]);
    expect(real.flat().length).toBeGreaterThan(300);
  });

  test('is seen to answer otherwise where it takes itself for another version', async ({ skip }) => {
    if (version === '') skip();
    const isOld = Number(version.split('.')[1]) < 12;
    const simulated = await answersOf(lists, await simulatedServer(isOld ? '2.15.1' : '2.9.10'));
    expect(differencesOf(lists, real, simulated)).not.toEqual([]);
  });
});
