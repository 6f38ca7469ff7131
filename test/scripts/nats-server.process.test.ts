import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Folder, Program, root } from '../service/weir-process.ts';

const find = (environment: Record<string, string>, ...words: string[]) =>
  new Program(process.execPath, ['scripts/nats-server.mjs', ...words], root, { environment }).ended;

const program = (folder: Folder): string => {
  const path = join(folder.path, 'nats-server');
  chmodSync(path, 0o755);
  return path;
};

describe('scripts/nats-server.mjs', () => {
  test('prints the server that NATS_SERVER_BIN names, else the one on PATH', async () => {
    using named = new Folder({ 'nats-server': '#!/bin/sh\n' });
    using onPath = new Folder({ 'nats-server': '#!/bin/sh\n' });
    const [first, second] = [program(named), program(onPath)];
    expect((await find({ NATS_SERVER_BIN: first, PATH: onPath.path })).stdout).toBe(`${first}\n`);
    expect((await find({ NATS_SERVER_BIN: '', PATH: onPath.path })).stdout).toBe(`${second}\n`);
  });

  test('takes no other for one that was named in vain, and says how to get one', async () => {
    const { code, stdout, stderr } = await find({ NATS_SERVER_BIN: '/nowhere/nats-server' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /\/nowhere\/nats-server.*\n(.*\n)*.*apt-get install nats-server(.*\n)*.*releases(.*\n)*.*WEIR_SKIP_NATS=1/,
    );
  });

  test('refuses other words', async () => {
    expect(await find({}, '--relase', 'sid')).toMatchObject({ code: 2, stderr: expect.stringContaining('usage:') });
  });
});
