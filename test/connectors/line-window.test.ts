import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowSchema } from '../../src/api/index.ts';
import { BatchBuilder } from '../../src/batch/index.ts';
import { JsonScanner } from '../../src/connectors/formats/json-scanner.ts';
import { plainBytes } from '../../src/connectors/formats/json-read/strings.ts';
import { LineWindow } from '../../src/connectors/formats/json-read/window.ts';
import { schema, t } from '../../src/index.ts';

const lines = (...texts: string[]): Buffer => Buffer.from(texts.map((text) => `${text}\n`).join(''));

describe('a window', () => {
  test('every byte ends a text, or does not, as it does one at a time, wherever it stands', () => {
    const window = new LineWindow();
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 10) continue;
      for (let place = 0; place < 40; place++) {
        const line = Buffer.concat([Buffer.alloc(place, 'x'), Buffer.of(byte), Buffer.alloc(40, 'y'), Buffer.from('\n')]);
        expect(window.hold(line, 0, line.length)).toBe(line.length);
        const expected = plainBytes[byte] === 1 ? line.length - 1 : place;
        for (const from of [0, place >> 1, place]) expect([byte, place, window.plainEnd(from)]).toEqual([byte, place, expected]);
      }
    }
  });

  test('from any place on, a text ends where the loop says', () => {
    const window = new LineWindow();
    const bytes = fc.array(fc.oneof({ arbitrary: fc.integer({ min: 32, max: 127 }), weight: 20 }, fc.nat(255)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(bytes, fc.nat(200), (some, from) => {
        const line = Buffer.from([...some.filter((byte) => byte !== 10), 10]);
        window.hold(line, 0, line.length);
        let end = Math.min(from, line.length - 1);
        const begun = end;
        while (plainBytes[line[end]!] === 1) end++;
        expect(window.plainEnd(begun)).toBe(end);
      }),
    );
  });

  test('holds as many whole lines as it has room for, and none that is too long', () => {
    const window = new LineWindow();
    const most = window.bytes.length - 32;
    const [long, short] = ['a'.repeat(most - 10), 'b'.repeat(20)];
    expect(window.hold(lines(long, short), 0, most + 12)).toBe(most - 9);
    expect(window.hold(lines(long, 'b'.repeat(8)), 0, most)).toBe(most);
    expect(window.hold(lines('x', 'a'.repeat(most), short), 2, most + 24)).toBe(0);
    expect(window.holdRecord(Buffer.alloc(most, 'a'))).toBe(false);
    expect(window.holdRecord(Buffer.alloc(most - 1, 'a'))).toBe(true);
  });

  test('what it has no room for is read where it is, among lines that it has', () => {
    const Note = schema({ id: t.int, text: t.string, more: t.string.nullable() });
    const sizes = fc.constantFrom(0, 1, 100, 40_000, 131_000, 131_040, 131_100, 300_000);
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, fc.boolean()), { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (notes, most) => {
        const texts = notes.map(([size, isPlain], id) => ({
          id,
          text: `${isPlain ? '' : 'é"\n'}${'t'.repeat(size)}`,
          more: null,
        }));
        const all = lines(...texts.map((note) => JSON.stringify(note)));
        const { fields } = rowSchema(Note);
        const rows = new BatchBuilder({ kind: 'columns', fields: fields!.map(({ field }) => field) });
        const scanner = new JsonScanner({ fields: fields!, wanted: fields!.map(({ field }) => field) }, rows, { compiles: true });
        const found: object[] = [];
        for (let at = 0; at < all.length; ) {
          const next = scanner.read(all, at, all.length, most);
          expect([next > at, scanner.lines <= most, scanner.lines > 0]).toEqual([true, true, true]);
          at = next;
          const batch = rows.build();
          for (let i = 0; i < batch.length; i++) found.push(batch.row(i));
        }
        expect(found).toEqual(texts);
      }),
      { numRuns: 30 },
    );
  });
});
