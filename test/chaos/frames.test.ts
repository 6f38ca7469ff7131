import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Frame, Frames } from '../../src/chaos/proxy/frames.ts';

const payload = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const subject = fc.constantFrom('a', 'a.b.c', '_INBOX.x.1');
/** A frame as it is written, and what is to be seen of it. */
const frame: fc.Arbitrary<{ text: string; subject: string; reply: string }> = fc.oneof(
  fc
    .constantFrom(
      'PING\r\n',
      'PONG\r\n',
      '+OK\r\n',
      'SUB a.> 1\r\n',
      'UNSUB 1\r\n',
      'CONNECT {"MSG a 1 5":1}\r\n',
      "-ERR 'x'\r\n",
    )
    .map((text) => ({ text, subject: '', reply: '' })),
  fc.tuple(subject, fc.option(subject), payload).map(([to, reply, body]) => ({
    text: `PUB ${to}${reply === null ? '' : ` ${reply}`} ${body.length}\r\n${body}\r\n`,
    ...{ subject: to, reply: reply ?? '' },
  })),
  fc.tuple(subject, fc.option(subject), payload, payload).map(([to, reply, head, body]) => ({
    text: `HMSG ${to} 7${reply === null ? '' : ` ${reply}`} ${head.length} ${head.length + body.length}\r\n${head}${body}\r\n`,
    ...{ subject: to, reply: reply ?? '' },
  })),
);

/** The text in pieces of these lengths, in turn. */
function pieces(text: string, lengths: readonly number[]): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0, n = 0; at < text.length; n++) {
    const length = lengths[n % lengths.length]!;
    found.push(Buffer.from(text.slice(at, at + length), 'latin1'));
    at += length;
  }
  return found;
}

const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });

describe('what the proxy sees of the protocol', () => {
  test('every message, whole, however it is cut; nothing is changed', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), lengths, (frames, cut) => {
        const text = frames.map((each) => each.text).join('');
        const seen: Frame[] = [];
        const splitter = new Frames();
        const out = pieces(text, cut).flatMap((piece) =>
          splitter.feed(piece, (each) => {
            seen.push({ ...each, bytes: Buffer.from(each.bytes) });
            return [each.bytes];
          }),
        );
        expect(Buffer.concat(out).toString('latin1')).toBe(text);
        expect(seen.map(({ bytes, ...rest }) => ({ text: bytes.toString('latin1'), ...rest }))).toEqual(
          frames.filter((each) => each.subject !== ''),
        );
      }),
    );
  });

  test('whoever begins to look in the middle sees whole messages from then on', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), lengths, fc.nat(20), (frames, cut, from) => {
        const text = frames.map((each) => each.text).join('');
        const whole = new Set(frames.map((each) => each.text));
        const splitter = new Frames();
        const out = pieces(text, cut).flatMap((piece, n) =>
          splitter.feed(
            piece,
            n < from
              ? undefined
              : (each) => {
                  expect(whole).toContain(each.bytes.toString('latin1'));
                  return [each.bytes];
                },
          ),
        );
        expect(Buffer.concat(out).toString('latin1')).toBe(text);
      }),
    );
  });

  test('what is left out is gone, and what is doubled is there twice', () => {
    const splitter = new Frames();
    const change = ({ subject: to, bytes }: Frame): Buffer[] => (to === 'a' ? [] : [bytes, bytes]);
    const out = splitter.feed(Buffer.from('PING\r\nPUB a 1\r\nx\r\nPUB b r 1\r\ny\r\nPING\r\n'), change);
    expect(Buffer.concat(out).toString()).toBe('PING\r\nPUB b r 1\r\ny\r\nPUB b r 1\r\ny\r\nPING\r\n');
  });
});
