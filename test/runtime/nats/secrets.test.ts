import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LogFields, WeirError } from '../../../src/core/index.ts';
import { redactedError, redactedLogger, redactor } from '../../../src/runtime/nats/secrets.ts';

const redact = redactor(['hunter22', 'p@ss/word', 'hunter22-long']);
const seed = 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY';
const jwt = 'eyJ0eXAiOiJKV1QifQ.eyJqdGkiOiJ4In0.c2lnbmF0dXJl_-x';

describe('secrets in a text', () => {
  test.each([
    ['nats://u:hunter22@a:4222 and nats://token@b', 'nats://***@a:4222 and nats://***@b'],
    ['user:pa/ss@word@host of nats://user:pa/ss@word@host', 'user:pa/ss@word@host of nats://***@host'],
    ['hunter22 hunter22-long', '*** ***'],
    ['encoded p%40ss%2Fword, plain p@ss/word', 'encoded ***, plain ***'],
    [`a seed ${seed}.`, 'a seed ***.'],
    [`-----BEGIN NATS USER JWT-----\n${jwt}\n------END`, '-----BEGIN NATS USER JWT-----\n***\n------END'],
    ['-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- rest', '*** rest'],
    ['nothing at all: nats://a:4222', 'nothing at all: nats://a:4222'],
  ])('NC1: %s', (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  test('NC1: a password is found whatever stands around it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 4 }), fc.string(), (before, password, after) => {
        fc.pre(!'***'.includes(password) && !`${before}***${after}`.includes(password));
        expect(redactor([password])(`${before}${password}${after}`)).not.toContain(password);
      }),
      { numRuns: 200 },
    );
  });
});

test('NC1: an error is clean in its message, its hint, its stack and its causes', () => {
  const cause = Object.assign(new TypeError('Invalid URL hunter22', { cause: new WeirError('E_STORE', 'hunter22') }), {
    input: 'nats://u:hunter22@a',
  });
  const error = redactedError(new WeirError('E_BROKER', 'hunter22', { cause, hint: 'not hunter22', retry: 'never' }), redact);
  expect(error).toMatchObject({ code: 'E_BROKER', message: '***', hint: 'not ***', retry: 'never', exitCode: 3 });
  expect(error.cause).toMatchObject({ name: 'TypeError', message: 'Invalid URL ***', cause: { code: 'E_STORE' } });
  const whole: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    whole.push(...Object.getOwnPropertyNames(each).map((name) => String((each as unknown as Record<string, unknown>)[name])));
  expect(whole.join('\n')).not.toContain('hunter22');
});

test('NC1: a log line is clean in its message and in all of its fields', () => {
  const lines: unknown[] = [];
  const into = (fields: LogFields, message: string): void => void lines.push({ ...fields, message });
  const logger = redactedLogger({ debug: into, info: into, warn: into, error: into }, redact);
  const fields = { at: 5, url: 'nats://u:x@a', deep: { list: ['hunter22', null, new Error('hunter22')] } };
  for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](fields, 'it is hunter22');
  const clean = { at: 5, url: 'nats://***@a', deep: { list: ['***', null, { message: '***' }] }, message: 'it is ***' };
  expect(lines).toMatchObject([clean, clean, clean, clean]);
});
