import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serverBinary } from '../../src/runtime/nats/server-binary.ts';
import { Folder } from '../service/weir-process.ts';

test('the nats-server of a machine is the one that NATS_SERVER_BIN names, else the first on PATH', () => {
  using folder = new Folder({ 'nats-server': '', other: '' });
  const [onPath, named] = [join(folder.path, 'nats-server'), join(folder.path, 'other')];
  for (const path of [onPath, named]) chmodSync(path, 0o755);
  const PATH = `/nowhere:${folder.path}`;
  expect(serverBinary({ PATH })).toBe(onPath);
  expect(serverBinary({ PATH, NATS_SERVER_BIN: '' })).toBe(onPath);
  expect(serverBinary({ PATH, NATS_SERVER_BIN: named })).toBe(named);
  expect(() => serverBinary({ PATH, NATS_SERVER_BIN: '/nowhere/x' })).toThrow(
    expect.objectContaining({ code: 'E_BROKER', message: expect.stringContaining('/nowhere/x'), retry: 'never' }),
  );
});
