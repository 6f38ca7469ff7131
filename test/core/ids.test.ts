import { describe, expect, test } from 'vitest';
import { epoch, generation, invariant, keyGroup, operatorId, subtaskIndex, unreachable } from '../../src/core/index.ts';

describe('ids', () => {
  test('I1: an epoch or generation is a positive safe integer', () => {
    for (const make of [epoch, generation]) {
      expect([make(1), make(Number.MAX_SAFE_INTEGER)]).toEqual([1, Number.MAX_SAFE_INTEGER]);
      for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) expect(() => make(wrong)).toThrow('I1');
    }
  });

  test('I1: key groups and subtasks count from 0', () => {
    for (const make of [keyGroup, subtaskIndex]) {
      expect(make(0)).toBe(0);
      for (const wrong of [-1, 0.5, Number.NaN]) expect(() => make(wrong)).toThrow('I1');
    }
  });

  test('I2: an operator id is a printable token', () => {
    for (const id of ['a', 'aggregate~0f3c', 'word-count.v2:x', 'x'.repeat(200)]) expect(operatorId(id)).toBe(id);
    for (const wrong of ['', 'two words', 'a/b', 'ü', 'x\n', 'x'.repeat(201)]) expect(() => operatorId(wrong)).toThrow('I2');
  });
});

describe('an invariant', () => {
  test('that holds costs nothing, one that does not stops with E_INTERNAL', () => {
    expect(() => invariant(1, 'X: fine')).not.toThrow();
    expect(() => invariant(0, 'X: not fine')).toThrow(
      expect.objectContaining({ code: 'E_INTERNAL', message: 'broken invariant: X: not fine' }),
    );
  });

  test('of a switch says what it did not expect', () => {
    expect(() => unreachable({ kind: 'new' } as never, 'a frame')).toThrow('a frame: unexpected {"kind":"new"}');
  });
});
