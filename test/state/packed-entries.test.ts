import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PackedEntries, segmentBytes } from '../../src/state/packed-entries.ts';

type Entry = readonly [group: number, value: string];
const utf8 = (text: string): Uint8Array => Buffer.from(text);
const rest = (value: { remaining: number; u8(): number }): string => {
  const bytes: number[] = [];
  while (value.remaining > 0) bytes.push(value.u8());
  return Buffer.from(bytes).toString();
};
const listed = (packed: PackedEntries): [string, Entry][] =>
  [...packed.entries()].map(({ key, group, value }) => [key, [group, rest(value)]]);

describe('entries at rest', () => {
  test('S29: are what was added and not taken since, whatever the keys', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'é', '\ud800', '__proto__', ''), fc.integer({ min: 0, max: 40 }).map(String));
    const step = fc.record({ key, group: fc.nat(65_535), size: fc.oneof(fc.nat(20), fc.constantFrom(0, 70, 3000)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const packed = new PackedEntries();
        const model = new Map<string, Entry>();
        for (const [n, { key, group, size }] of steps.entries()) {
          const taken = packed.take(key);
          expect(taken === undefined ? undefined : [taken.group, rest(taken.value)]).toEqual(model.get(key));
          expect(taken?.key).toBe(model.has(key) ? key : undefined);
          if (model.delete(key) && n % 3 === 0) continue;
          const value = `${n}`.padEnd(size, 'x');
          packed.add(key, group, utf8(value));
          model.set(key, [group, value]);
          expect(packed.size).toBe(model.size);
        }
        expect(new Map(listed(packed))).toEqual(model);
        expect(listed(packed)).toHaveLength(model.size);
      }),
    );
  });

  test('S30: take no more than twice their room, however often they come and go, and long ones a room of their own', () => {
    const packed = new PackedEntries();
    const value = utf8('v'.repeat(1000));
    const count = 2000;
    for (let i = 0; i < count; i++) packed.add(`key ${i}`, i % 128, value);
    const first = packed.bytes;
    expect(first).toBeLessThan(count * 1050 + segmentBytes);
    for (let n = 0; n < 20 * count; n++) {
      const key = `key ${(n * 7919) % count}`;
      expect(packed.take(key)?.value.remaining).toBe(1000);
      packed.add(key, 1, value);
    }
    expect(packed.bytes).toBeLessThan(2 * count * 1050 + 2 * segmentBytes);
    const long = utf8('w'.repeat(3 * segmentBytes));
    packed.add('long', 5, long);
    expect(rest(packed.take('long')!.value)).toBe('w'.repeat(3 * segmentBytes));
    for (let i = 0; i < count; i++) expect(packed.take(`key ${i}`)?.key).toBe(`key ${i}`);
    expect([packed.size, listed(packed)]).toEqual([0, []]);
    expect(packed.bytes).toBeLessThanOrEqual(2 * segmentBytes);
  });

  test('S29: are not changed while they are listed', () => {
    const packed = new PackedEntries();
    for (const key of ['a', 'b']) packed.add(key, 1, utf8(key));
    expect(() => {
      for (const { key } of packed.entries()) packed.take(key);
    }).toThrow(/S29/);
  });

  test('are walked through one after the other while they change: all that stay, and none that was taken before its turn', () => {
    const packed = new PackedEntries();
    const long = 'x'.repeat(1000);
    const count = 1000;
    for (let i = 0; i < count; i++) packed.add(`key ${i}`, 1, utf8(long));
    const next = packed.walk();
    const seen: string[] = [];
    const taken = new Set<string>();
    for (let entry = next(); entry !== undefined; entry = next()) {
      expect(taken.has(entry.key)).toBe(false);
      seen.push(entry.key);
      // Of those ahead: so many that whole segments are moved.
      for (const ahead of [count - seen.length, count - seen.length - 300])
        if (seen.length % 2 === 0 && packed.take(`key ${ahead}`) !== undefined) taken.add(`key ${ahead}`);
      if (seen.length === 300) packed.add('new', 1, utf8(long));
    }
    const stayed = listed(packed).map(([key]) => key);
    expect(stayed.length).toBeGreaterThan(100);
    expect(stayed.filter((key) => !seen.includes(key))).toEqual([]);
    expect(next()).toBeUndefined();
  });
});
