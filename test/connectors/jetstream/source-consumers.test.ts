import { nuid } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { checkedWish, consumersBy } from '../../../src/connectors/jetstream/source-consumers.ts';

const refused = expect.objectContaining({ code: 'E_BROKER', retry: 'never' });
const name = `weir-averages-${nuid.next()}`; // as makeConsumer names them
const wish = (request: unknown, filters: readonly string[] = ['orders.new', 'orders.old']): unknown =>
  checkedWish(request, 'averages', filters);

describe('JS1: on behalf of a reader', () => {
  test.each([
    [{ kind: 'make', filter: 'orders.new', behind: 0 }, undefined],
    [{ kind: 'make', filter: null, behind: 17 }, []],
    [{ kind: 'drop', name }, undefined],
  ])('%j is done', (request, filters) => {
    expect(wish(request, filters)).toEqual(request);
  });

  test.each([
    ['a filter that is none of the source', { kind: 'make', filter: 'payments.>', behind: 0 }],
    ['everything, where the source has filters', { kind: 'make', filter: null, behind: 0 }],
    ['no filter at all', { kind: 'make', behind: 0 }],
    ['a place that is none', { kind: 'make', filter: 'orders.new', behind: -1 }],
    ['the end of a consumer of others', { kind: 'drop', name: 'payments' }],
    ['the end of a consumer of another job', { kind: 'drop', name: 'weir-averages-2-0123456789ABCDEFGHIJKL' }],
    ['the end of a consumer of another stream', { kind: 'drop', name: `OTHER.${name}` }],
    ['something else', { kind: 'purge' }],
    ['nothing', null],
  ])('%s is refused', (_, request) => {
    expect(() => wish(request)).toThrow(refused);
  });

  test('what else the request says goes nowhere', () => {
    const request = { kind: 'drop', name, deliver_subject: 'elsewhere' };
    expect(wish(request)).toEqual({ kind: 'drop', name });
  });
});

describe('a reader whose coordinator makes its consumers', () => {
  test('takes no answer for a consumer that is none', async () => {
    await expect(consumersBy(async () => null).make(undefined, 0)).rejects.toThrow(refusedAnswer);
  });

  test('does not wait for the end of one', async () => {
    await consumersBy(() => new Promise(() => undefined)).drop(name);
  });

  test('does not mind that nobody ends one', async () => {
    await consumersBy(async () => Promise.reject(new Error('gone'))).drop(name);
  });
});

const refusedAnswer = expect.objectContaining({ code: 'E_BROKER' });
