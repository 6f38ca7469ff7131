import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessagePulls } from '../../../src/connectors/jetstream/message-pulls.ts';
import { overlap } from '../../../src/core/index.ts';

describe('asking for messages', () => {
  test("JP1: what may come and what waits is at most three requests' bytes and messages, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.integer({ min: 1, max: 400_000 }), taken: fc.integer({ min: 0, max: 40 }) }), {
          maxLength: 300,
        }),
        (messages) => {
          const pulls = new MessagePulls();
          // The server's side: what is left of each request, and what waits at ours.
          const asked: { id: number; batch: number; bytes: number }[] = [];
          const waiting: number[] = [];
          const total = () => waiting.reduce((sum, size) => sum + size, 0);
          const ask = () => {
            const request = pulls.due(waiting.length, total());
            if (request !== null) asked.push({ ...request });
            expect(waiting.length + asked.reduce((sum, { batch }) => sum + batch, 0)).toBeLessThanOrEqual(3 * 2048);
            expect(total() + asked.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(3 * (1 << 20));
          };
          for (const { size, taken } of messages) {
            ask();
            while (asked.length > 0 && asked[0]!.bytes < size) {
              pulls.tooSmall(asked.shift()!.id);
              ask();
            }
            const [head] = asked;
            if (head !== undefined) {
              head.bytes -= size;
              if (--head.batch === 0) asked.shift();
              waiting.push(size);
              pulls.arrived();
            }
            waiting.splice(0, taken);
            ask();
          }
          waiting.length = 0;
          ask();
          expect(asked.length).toBeGreaterThan(0); // it never stops asking
          expect(pulls.outstanding).toBe(asked.reduce((sum, { batch }) => sum + batch, 0));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a message larger than what is asked for is asked for with more', () => {
    const pulls = new MessagePulls();
    const first = pulls.due(0, 0)!;
    pulls.tooSmall(first.id);
    const second = pulls.due(0, 0)!;
    expect(second.bytes).toBe(2 * first.bytes);
    pulls.arrived();
    pulls.tooSmall(second.id); // it was given something
    expect(pulls.due(0, 0)?.bytes).toBe(second.bytes);
  });
});

test('filters overlap where a subject passes both', () => {
  for (const [a, b] of [
    ['a', 'a'],
    ['a.*', 'a.b'],
    ['*.b', 'a.*'],
    ['a.>', 'a.b.c'],
    ['>', 'a'],
    ['a.*.c', 'a.b.>'],
  ] as const)
    expect([a, b, overlap(a, b), overlap(b, a)]).toEqual([a, b, true, true]);
  for (const [a, b] of [
    ['a', 'b'],
    ['a.*', 'a'],
    ['a.*', 'a.b.c'],
    ['a.>', 'a'],
    ['a.*.c', 'a.b.d'],
  ] as const)
    expect([a, b, overlap(a, b), overlap(b, a)]).toEqual([a, b, false, false]);
});
