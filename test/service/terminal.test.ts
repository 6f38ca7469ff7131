import { describe, expect, test } from 'vitest';
import { WeirError } from '../../src/core/index.ts';
import { errorReport } from '../../src/service/error-report.ts';
import { createTerminal } from '../../src/service/terminal.ts';

function streams(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 20, write: (text: string) => written.push(text) > 0 };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe('the terminal', () => {
  test('paints over its last line, and takes it away before other text', () => {
    const { written, stream } = streams(true);
    const terminal = createTerminal(stream, stream, {});
    terminal.paint?.('one');
    terminal.paint?.('x'.repeat(50));
    terminal.line('two');
    terminal.line('three');
    expect(written).toEqual(['\r\x1b[2Kone', `\r\x1b[2K${'x'.repeat(19)}`, '\r\x1b[2Ktwo\n', 'three\n']);
  });

  test('takes a terminal that does not know its width for one of 80 columns', () => {
    const { written, stream } = streams(true);
    createTerminal(Object.assign(stream, { columns: 0 }), stream, {}).paint?.('x'.repeat(100));
    expect(written).toEqual([`\r\x1b[2K${'x'.repeat(79)}`]);
  });

  test.each([
    [false, {}],
    [true, { CI: '1' }],
    [true, { NO_COLOR: '1' }],
  ])('does not paint where stdout is a terminal: %s, and the environment %j', (isTTY, environment) => {
    const { stream } = streams(isTTY);
    expect(createTerminal(stream, stream, environment).paint).toBeUndefined();
  });
});

describe('an error', () => {
  test('is told with its code, what to do, and where its causes were thrown', () => {
    const cause = new Error('x is not a function');
    cause.stack =
      'Error: x is not a function\n    at fn (/job.ts:7:3)\n    at run (node:internal/x:1:1)\n    at y (/a/node_modules/weir/dist/z.js:1:1)';
    expect(errorReport(new WeirError('E_CLOSURE', "map 'm' threw", { cause, hint: 'mend it' }))).toBe(
      ["weir: E_CLOSURE map 'm' threw", '  mend it', '  caused by Error: x is not a function', '      at fn (/job.ts:7:3)'].join(
        '\n',
      ),
    );
  });

  test('needs no stack of ours where its message says all', () => {
    const text = errorReport(new WeirError('E_STUCK', 'the job did not stop within 2 s', { hint: 'give it more time' }));
    expect(text).toBe('weir: E_STUCK the job did not stop within 2 s\n  give it more time');
  });

  test('of a schema says where it was made', () => {
    const error = new WeirError('E_SCHEMA', "'a' is not a field", { hint: 'describe it' });
    error.stack = "WeirError: 'a' is not a field\n    at typed (/a/node_modules/weir/dist/x.js:1:1)\n    at job (/job.ts:3:9)";
    expect(errorReport(error)).toBe("weir: E_SCHEMA 'a' is not a field\n  describe it\n    at job (/job.ts:3:9)");
  });

  test('that is none of ours is a defect of ours, with its stack', () => {
    const text = errorReport(new TypeError('oops'));
    expect(text).toMatch(/^weir: E_INTERNAL oops\n/);
    expect(text).toMatch(/caused by TypeError: oops\n\s+at .*terminal\.test\.ts/);
  });
});
