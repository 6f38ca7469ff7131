import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArraySplitter, keptBytes, LineSplitter, type RecordSplitter } from '../../src/connectors/records/index.ts';

interface Cut {
  readonly text: string;
  readonly tooLong: boolean;
  readonly offset: number;
  readonly count: number;
}

/** All records of these bytes, which come in chunks of these sizes, in turn; the chunks share one memory. */
function cut(splitter: RecordSplitter, bytes: Uint8Array, sizes: readonly number[]): Cut[] {
  const found: Cut[] = [];
  const take = (record: ReturnType<RecordSplitter['next']>): boolean => {
    if (record !== null)
      found.push({
        text: Buffer.from(record.bytes).toString('latin1'),
        tooLong: record.tooLong,
        offset: splitter.offset,
        count: splitter.count,
      });
    return record !== null;
  };
  const memory = new Uint8Array(Math.max(1, ...sizes));
  let from = 0;
  for (let i = 0; from < bytes.length; i++) {
    const chunk = bytes.subarray(from, from + sizes[i % sizes.length]!);
    from += chunk.length;
    memory.set(chunk);
    splitter.push(memory.subarray(0, chunk.length));
    while (take(splitter.next()));
    memory.fill(0x2a); // what a record was made of is not used again
  }
  take(splitter.end());
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
const texts = (records: readonly Cut[]): string[] => records.map(({ text }) => text);

describe('LineSplitter', () => {
  const content = fc
    .array(fc.constantFrom('a', 'bc', '\n', '\r\n', '\r', 'ü', ''), { maxLength: 20 })
    .map((parts) => Buffer.from(parts.join('')));

  test('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(content, sizes, (bytes, chunks) => {
        const whole = bytes.toString('latin1').split('\n');
        if (whole.at(-1) === '') whole.pop();
        expect(texts(cut(new LineSplitter(0, 0, 100), bytes, chunks))).toEqual(whole.map((line) => line.replace(/\r$/, '')));
      }),
      { numRuns: 100 },
    );
  });

  test('goes on from the offset behind any line', () => {
    fc.assert(
      fc.property(content, sizes, (bytes, chunks) => {
        const all = cut(new LineSplitter(0, 0, 100), bytes, chunks);
        all.forEach(({ offset, count }, i) =>
          expect(cut(new LineSplitter(offset, count, 100), bytes.subarray(offset), chunks)).toEqual(all.slice(i + 1)),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('leaves out a byte order mark at the begin, and only there', () => {
    expect(texts(cut(new LineSplitter(0, 0, 100), Buffer.from('\uFEFFa\n\uFEFFb'), [2]))).toEqual([
      'a',
      Buffer.from('\uFEFFb').toString('latin1'),
    ]);
  });

  test('keeps the begin of a line that is too long, and goes on behind it', () => {
    const bytes = Buffer.from(`a\n${'x'.repeat(10_000)}\nb\n${'y'.repeat(9000)}`);
    const found = cut(new LineSplitter(0, 0, 8000), bytes, [1000]);
    expect(found.map(({ text, tooLong }) => [text.length, tooLong])).toEqual([
      [1, false],
      [keptBytes, true],
      [1, false],
      [keptBytes, true],
    ]);
    expect(found.at(-1)!.offset).toBe(bytes.length);
  });
});

describe('ArraySplitter', () => {
  const splitter = (offset = 0, count = 0, most = 1_000_000): ArraySplitter => new ArraySplitter(offset, count, most, 'in.json');
  const values = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 6 });
  const spaces = fc.constantFrom('', ' ', '\n', ' \r\n\t');
  const document = fc.tuple(values, spaces).map(([elements, space]) => ({
    elements,
    bytes: Buffer.from(
      `${space}[${space}${elements.map((element) => JSON.stringify(element, null, space.length)).join(`${space},${space}`)}${space}]${space}`,
    ),
  }));
  const parsed = (records: readonly Cut[]): unknown[] =>
    records.map(({ text }) => JSON.parse(Buffer.from(text, 'latin1').toString()) as unknown);

  test('gives the elements however the bytes are cut', () => {
    fc.assert(
      fc.property(document, sizes, ({ elements, bytes }, chunks) => {
        expect(parsed(cut(splitter(), bytes, chunks))).toEqual(JSON.parse(JSON.stringify(elements)));
      }),
      { numRuns: 100 },
    );
  });

  test('goes on from the offset behind any element', () => {
    fc.assert(
      fc.property(document, sizes, ({ bytes }, chunks) => {
        const all = cut(splitter(), bytes, chunks);
        all.forEach(({ offset, count }, i) =>
          expect(cut(splitter(offset, count), bytes.subarray(offset), chunks)).toEqual(all.slice(i + 1)),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('keeps the begin of an element that is too long', () => {
    const found = cut(splitter(0, 0, 5000), Buffer.from(`["a","${'x'.repeat(9000)}","b"]`), [700]);
    expect(found.map(({ text, tooLong }) => [text.length, tooLong])).toEqual([
      [3, false],
      [keptBytes, true],
      [3, false],
    ]);
  });

  test.each([
    ['{"a":1}', /byte 0: expected \[/],
    ['[1 2]', null],
    ['[1],2', /byte 3: something follows/],
    ['[1', /the array does not end/],
    ['', /no JSON array/],
  ])('of %j says what is wrong with the array itself', (bytes, message) => {
    if (message === null) return expect(texts(cut(splitter(), Buffer.from(bytes), [2]))).toEqual(['1 2']);
    expect(() => cut(splitter(), Buffer.from(bytes), [2])).toThrow(
      expect.objectContaining({ code: 'E_SOURCE', retry: 'never', message: expect.stringMatching(message) as string }),
    );
  });
});
