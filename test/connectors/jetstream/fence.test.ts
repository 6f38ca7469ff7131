// Whose a stream is, by its last message.
import { headers } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import {
  claim,
  fenceLines,
  fenceMark,
  type HeaderLine,
  type Known,
  nowhere,
  placeLines,
  type Tail,
  tailOf,
  type WriterIdentity,
  writerLines,
} from '../../../src/connectors/jetstream/fence.ts';

const self: WriterIdentity = { job: 'job', sink: 'sink~1', incarnation: 'life', generation: 5 };
const fresh: Known = { basis: 0, settled: nowhere, restoredEpoch: 0, acceptRisk: false };
const settled: Known = { ...fresh, settled: { epoch: 3, index: 9, sequence: 40 }, restoredEpoch: 4 };
const place = { epoch: 4, index: 2, sequence: 43 };
const tail = (writer: Partial<WriterIdentity> | undefined, more: Partial<Tail> = {}): Tail => ({
  subject: 'out.a',
  sequence: 43,
  writer: writer === undefined ? undefined : { ...self, ...writer },
  fence: 2,
  place,
  ...more,
});

describe('a writer', () => {
  test('goes on behind the last message of an older generation, with its own first fence (JF2)', () => {
    expect(claim(tail({ generation: 4 }), 43, self, settled)).toEqual({ kind: 'ours', place, fence: 1 });
  });
  test('of the same generation takes the next fence', () => {
    expect(claim(tail({}), 43, self, settled)).toEqual({ kind: 'ours', place, fence: 3 });
  });
  test('goes on behind a message that was deleted', () => {
    expect(claim(tail({}), 50, self, settled)).toMatchObject({ kind: 'ours', place });
  });
  test('is superseded by a newer generation, whatever else it knows (JF1)', () => {
    for (const known of [fresh, settled, { ...settled, acceptRisk: true }])
      expect(claim(tail({ generation: 6 }), 43, self, known)).toEqual({ kind: 'superseded', by: 6 });
  });
  test('that has written nothing begins in an empty stream, or behind what was there', () => {
    expect(claim(null, 0, self, fresh)).toEqual({ kind: 'ours', place: nowhere, fence: 1 });
    for (const other of [undefined, { incarnation: 'another' }, { job: 'another' }, { sink: 'another' }])
      expect(claim(tail(other), 43, self, { ...fresh, basis: 43 })).toEqual({ kind: 'ours', place: nowhere, fence: 1 });
  });
});

describe('a stream is not as it was left (JF3)', () => {
  const why = (found: ReturnType<typeof claim>): string => (found.kind === 'changed' ? found.why : found.kind);

  test('if somebody else wrote to it', () => {
    expect(why(claim(tail(undefined), 43, self, settled))).toBe('message 43, to out.a, was written by somebody else');
    expect(why(claim(tail(undefined), 43, self, { ...fresh, basis: 42 }))).toMatch(/somebody else/);
    expect(why(claim(tail({ incarnation: 'x', sink: 'y' }), 43, self, settled))).toBe(
      'message 43, to out.a, was written by sink y of job job, in another life',
    );
  });
  test('if it lost its end, or is another', () => {
    expect(why(claim(tail({}, { place: { ...place, epoch: 3, index: 8 } }), 43, self, settled))).toMatch(/has lost messages/);
    expect(why(claim(null, 0, self, settled))).toMatch(/made anew, or has lost messages/);
    expect(why(claim(tail(undefined, { sequence: 12 }), 12, self, settled))).toMatch(/made anew, or has lost messages/);
  });
  test('if its last message is gone', () => {
    expect(why(claim(null, 43, self, settled))).toMatch(/its last message, 43, is gone/);
    expect(why(claim(null, 43, self, fresh))).toMatch(/its last message, 43, is gone/);
  });
  test('if it is ahead of the checkpoint', () => {
    expect(why(claim(tail({ generation: 4 }), 43, self, { ...settled, restoredEpoch: 3 }))).toMatch(
      /results of epoch 4, and the checkpoint that the job goes on from is of epoch 3/,
    );
  });
  test('but a missing proof is accepted by those who accept the risk', () => {
    const risky = { ...settled, acceptRisk: true };
    expect(claim(null, 43, self, risky)).toEqual({ kind: 'ours', place: settled.settled, fence: 1 });
    expect(claim(null, 43, self, { ...fresh, acceptRisk: true })).toMatchObject({ kind: 'ours', place: nowhere });
    expect(claim(tail(undefined), 43, self, risky).kind).toBe('changed');
  });
});

describe('the headers of a message', () => {
  const message = (lines: readonly HeaderLine[]): Tail => {
    const own = headers();
    for (const [name, value] of lines) own.set(name, value);
    return tailOf('out.a', 43, own);
  };
  const odd: WriterIdentity = { job: 'Jöb: 1\r\n', sink: 's 1', incarnation: 'a.b', generation: 7 };

  test('say whose it is and where it stands', () => {
    const id: HeaderLine = ['Nats-Msg-Id', `${fenceMark(odd, 3)}:4:2`];
    expect(message([id, ...writerLines(odd), ...placeLines(4, 2)])).toEqual({
      subject: 'out.a',
      sequence: 43,
      writer: odd,
      fence: 3,
      place,
    });
  });
  test('of a fence repeat the last message before it', () => {
    const before = { epoch: 4, index: 2, sequence: 40 };
    expect(message([...writerLines(odd), ...fenceLines(8, before)])).toMatchObject({ writer: odd, fence: 8, place: before });
    expect(message([...writerLines(odd), ...fenceLines(1, nowhere)])).toMatchObject({ writer: odd, place: nowhere });
  });
  test('that no sink wrote say nothing', () => {
    expect(tailOf('out.a', 43, undefined).writer).toBeUndefined();
    expect(
      message([
        ['Weir-Job', '%'],
        ['Weir-Epoch', '4'],
      ]).writer,
    ).toBeUndefined();
    expect(message([...writerLines(odd), ...placeLines(4, Number.NaN)]).writer).toBeUndefined();
  });
});
