// Every line of a file is given by exactly one of those who share its blocks, wherever the blocks end.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockLines, type BlockShare, LineSplitter } from '../../src/connectors/records/index.ts';

interface Line {
  readonly began: number;
  readonly text: string;
}
interface Read extends Line {
  readonly count: number;
  /** Where reading goes on behind it. */
  readonly offset: number;
}

const lineBytesMax = 1000;

/** The lines from an offset on, read by chunks of at most so many bytes; `skims`: most are passed over unseen, as a scanner does. */
function readBy(share: BlockShare, bytes: Uint8Array, chunkMax: number, offset = 0, skims = false): Read[] {
  const lines = new BlockLines(offset, 0, lineBytesMax, share);
  const found: Read[] = [];
  const add = (began: number, text: string): number => found.push({ began, text, count: lines.count, offset: lines.offset });
  for (let turn = 0; turn < 10_000; turn++) {
    const span = skims ? lines.whole() : null;
    if (span !== null) {
      const { from } = span;
      const began = lines.offset;
      const end = span.bytes.indexOf(10, from);
      lines.pass(end + 1, 1);
      add(began, latin(span.bytes.subarray(from, end)).replace(/\r$/, ''));
      continue;
    }
    const record = lines.next();
    if (record !== null) {
      add(lines.began, latin(record.bytes));
      continue;
    }
    const wanted = lines.wanted();
    const chunk = bytes.slice(wanted.start, wanted.start + Math.min(wanted.bytes, chunkMax));
    if (chunk.length > 0) lines.push(chunk);
    else {
      const last = lines.end();
      if (last !== null) add(lines.began, latin(last.bytes));
      return found;
    }
  }
  throw new Error('it does not come to the end');
}

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The same by a reader that has the file to itself. */
function linesOf(bytes: Uint8Array): Line[] {
  const splitter = new LineSplitter(0, 0, lineBytesMax);
  splitter.push(bytes);
  const found: Line[] = [];
  for (let began = 0; ; began = splitter.offset) {
    const record = splitter.next() ?? splitter.end();
    if (record === null) return found;
    found.push({ began, text: latin(record.bytes) });
  }
}

const sharesOf = (count: number, blockBytes: number): BlockShare[] =>
  Array.from({ length: count }, (_, index) => ({ index, count, blockBytes }));
const plain = (lines: readonly Read[]): Line[] => lines.map(({ began, text }) => ({ began, text }));

const content = fc
  .tuple(
    fc.constantFrom('', '\uFEFF'),
    fc.array(fc.constantFrom('a', 'bc', 'a longer piece', '\n', '\n', '\r\n', '\r', 'ü', ''), { maxLength: 40 }),
  )
  .map(([mark, parts]) => Buffer.from(mark + parts.join('')));
const surroundings = {
  bytes: content,
  blockBytes: fc.integer({ min: 1, max: 25 }),
  count: fc.integer({ min: 1, max: 5 }),
  chunkMax: fc.integer({ min: 1, max: 9 }),
  skims: fc.boolean(),
};

describe('BlockLines', () => {
  test('BL1: every line is given once, by the one whose block it begins in, and each gives its lines in order', () => {
    fc.assert(
      fc.property(fc.record(surroundings), ({ bytes, blockBytes, count, chunkMax, skims }) => {
        const expected = linesOf(bytes);
        for (const share of sharesOf(count, blockBytes)) {
          const own = expected.filter(({ began }) => Math.floor(began / blockBytes) % count === share.index);
          const found = readBy(share, bytes, chunkMax, 0, skims);
          expect(plain(found)).toEqual(own);
          expect(found.map((line) => line.count)).toEqual(own.map((_, i) => i + 1));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('BL2: from the offset behind any line the rest of the share follows', () => {
    fc.assert(
      fc.property(fc.record(surroundings), fc.integer({ min: 1, max: 9 }), (drawn, otherChunk) => {
        const { bytes, blockBytes, count, chunkMax, skims } = drawn;
        for (const share of sharesOf(count, blockBytes)) {
          const all = readBy(share, bytes, chunkMax, 0, skims);
          all.forEach(({ offset }, i) =>
            expect(plain(readBy(share, bytes, otherChunk, offset, !skims))).toEqual(plain(all.slice(i + 1))),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('BL2: what comes behind the end of a file that has grown is read from the offset at its old end', () => {
    fc.assert(
      fc.property(fc.record(surroundings), content, ({ bytes, blockBytes, count, chunkMax }, more) => {
        const before = Buffer.concat([bytes, Buffer.from('\n')]);
        const after = Buffer.concat([before, more]);
        const found = sharesOf(count, blockBytes).flatMap((share) => {
          const read = readBy(share, before, chunkMax);
          return [...plain(read), ...plain(readBy(share, after, chunkMax, read.at(-1)?.offset ?? 0))];
        });
        expect(found.toSorted((a, b) => a.began - b.began)).toEqual(linesOf(after));
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, string, number, string[][]]>([
    ['a line that ends right before a block leaves its first one to that', 'abc\ndef\ng\n', 4, [['abc', 'g'], ['def']]],
    ['a line feed that is a block\u2019s first byte belongs to the line before', 'abcd\nef\n', 4, [['abcd'], ['ef']]],
    ['an empty line at the begin of a block is the block\u2019s own', 'abc\n\ndef\n', 4, [['abc'], ['', 'def']]],
    [
      'a line over several blocks is one reader\u2019s, and those within it have none',
      'a\nbcdefghijkl\nm\n',
      4,
      [['a', 'bcdefghijkl'], ['m']],
    ],
    ['a line that begins with a block\u2019s last byte is that block\u2019s', 'ab\ncde\nf\n', 4, [['ab', 'cde'], ['f']]],
    ['a line end of two bytes may lie in two blocks', 'abc\r\nd\r\n', 4, [['abc'], ['d']]],
    ['a last line has no end', 'abc\nd', 4, [['abc'], ['d']]],
  ])('%s', (_what, text, blockBytes, expected) => {
    const bytes = Buffer.from(text);
    const shares = sharesOf(expected.length, blockBytes);
    expect(shares.map((share) => readBy(share, bytes, 3).map((line) => line.text))).toEqual(expected);
  });

  test('a line that is too long is its block\u2019s, whatever blocks it reaches over', () => {
    const bytes = Buffer.from(`a\n${'x'.repeat(3000)}\nb\n`);
    const found = sharesOf(3, 100).map((share) => readBy(share, bytes, 64).map(({ began, text }) => [began, text[0]]));
    expect(found).toEqual([
      [
        [0, 'a'],
        [2, 'x'],
        [3003, 'b'],
      ],
      [],
      [],
    ]);
  });

  test('asks for no more than its own blocks, but for the ends of lines', () => {
    const bytes = Buffer.from('0123456\n'.repeat(1000));
    const lines = new BlockLines(0, 0, lineBytesMax, { index: 1, count: 4, blockBytes: 100 });
    let asked = 0;
    for (;;) {
      const record = lines.next();
      if (record !== null) continue;
      const { start, bytes: most } = lines.wanted();
      const chunk = bytes.subarray(start, start + Math.min(most, 16));
      asked += chunk.length;
      if (chunk.length === 0) break;
      lines.push(chunk);
    }
    expect(asked).toBeLessThan(bytes.length / 4 + 20 * 17);
  });
});
