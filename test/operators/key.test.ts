import { describe, expect, test } from 'vitest';
import { batchOf, hashKey, keyOf, keyOfOne } from '../../src/batch/index.ts';
import { keyExtractor, routingHash } from '../../src/operators/index.ts';
import { keyInWords } from '../../src/operators/key.ts';
import { anyBatch, field, number, schemaOf, text } from './operator-fixture.ts';

describe('the key of a row', () => {
  const batch = batchOf(schemaOf(field('a', text), field('n', number, true)), [
    { a: 'x', n: -0 },
    { a: 'y', n: null },
  ]);

  test('is the same by name, by a list of one name, and by a function', () => {
    for (const by of [{ column: 'a' }, { columns: ['a'] }, { fn: (row: { a: string }) => row.a, site: '' } as never]) {
      expect(keyExtractor(by)(batch)(1)).toBe(keyOfOne('y'));
    }
  });

  test('of several columns is that of their values, of none always the same', () => {
    expect(keyExtractor({ columns: ['a', 'n'] })(batch)(0)).toBe(keyOf(['x', 0]));
    expect(keyExtractor({ columns: [] })(batch)(0)).toBe(keyExtractor({ columns: [] })(batch)(1));
  });

  test('a row that has none is an error to the operator, and goes to one place in the shuffle', () => {
    const bad = { fn: () => ({ no: 'key' }), site: '' } as const;
    expect(() => keyExtractor(bad)(batch)(0)).toThrow('cannot be a key');
    expect(routingHash(bad)(batch)(0)).toBe(routingHash(bad)(anyBatch([{}]))(0));
    expect(routingHash({ column: 'a' })(batch)(0)).toBe(hashKey(keyOfOne('x')));
    expect(routingHash({ columns: ['n', 'a'] })(batch)(1)).toBe(hashKey(keyOf([null, 'y'])));
    expect(routingHash({ columns: [] })(batch)(1)).toBe(hashKey(keyOf([])));
    expect(routingHash({ fn: (row: { a: string }) => row.a, site: '' } as never)(batch)(1)).toBe(hashKey(keyOfOne('y')));
  });

  test('is short in messages', () => {
    expect(keyInWords(keyOf(['a', 1]))).toBe('"a",1');
    expect(keyInWords(keyOfOne('x'.repeat(500))).length).toBe(101);
  });
});
