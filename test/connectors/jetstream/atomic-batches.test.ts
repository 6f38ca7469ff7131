import type { StreamConfig } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import type { HeaderLine } from '../../../src/connectors/jetstream/fence.ts';
import type { PublishOutcome } from '../../../src/connectors/jetstream/outgoing-link.ts';
import { AtomicBatches, batchesRefused } from '../../../src/connectors/jetstream/atomic-batches.ts';

const config = (version: string, more: Partial<StreamConfig> = {}): StreamConfig =>
  ({ allow_atomic: true, metadata: { '_nats.ver': version, '_nats.level': '5' }, ...more }) as StreamConfig;

test('atomic batches are used on servers that are known to be safe', () => {
  for (const version of ['2.12.15', '2.12.16', '2.14.5', '2.14.5-preview.1', '2.15.0', '2.16.0', '3.0.0'])
    expect(batchesRefused(config(version))).toBe(null);
});

test('and on no other, which is said', () => {
  for (const version of ['2.9.10', '2.11.40', '2.12.0', '2.12.14', '2.13.99', '2.14.4', '1.20.9', '', 'dev'])
    expect(batchesRefused(config(version))).toMatch(/2\.12\.15, 2\.14\.5 and later/);
});

test('nor where the stream, or its server, says nothing of them', () => {
  expect(batchesRefused(config('2.15.1', { allow_atomic: false }))).toMatch(/allow_atomic/);
  expect(batchesRefused({ name: 'S' } as StreamConfig)).toMatch(/allow_atomic/);
  expect(batchesRefused(config('2.15.1', { metadata: { '_nats.ver': '2.15.1', '_nats.level': '1' } }))).toMatch(/knows/);
  expect(batchesRefused(config('2.15.1', { metadata: {} }))).toMatch(/knows/);
});

const messages = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ index, subject: 'a', body: new Uint8Array(1) }));

test('a server that takes fewer messages at once gets fewer', async () => {
  const sizes: number[] = [];
  let sent = 0;
  const link = {
    send: () => (sent++, null),
    async publish(_subject: string, _body: Uint8Array, lines: readonly HeaderLine[]): Promise<PublishOutcome> {
      sent++;
      if (!lines.some(([name]) => name === 'Nats-Batch-Commit')) return { kind: 'begun' };
      const count = sent;
      [sent] = [0, sizes.push(count)];
      if (count > 300) return { kind: 'refused', code: 10199, text: 'atomic publish batch is too large: 300' };
      return { kind: 'stored', stream: 'S', sequence: count, duplicate: false, count };
    },
  };
  const batches = new AtomicBatches(link, '_INBOX.x');
  const attempt = async (): Promise<PublishOutcome> => batches.publish([...batches.cut(messages(1000))][0]!, 0, () => []);
  expect([(await attempt()).kind, (await attempt()).kind, (await attempt()).kind]).toEqual(['refused', 'refused', 'stored']);
  expect(sizes).toEqual([1000, 500, 250]);
});
