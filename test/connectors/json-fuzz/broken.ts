/** Readers that are wrong on purpose: what a fuzzer that finds nothing in them is worth. */
import { Buffer } from 'node:buffer';
import type { LineScanner } from '../../../src/connectors/formats/line-scanner.ts';
import type { Wrap } from './fuzz.ts';

/** What each reads in place of a record. */
const instead: Readonly<Record<string, (text: string) => string>> = {
  'trailing-comma': (text) => text.replace(/,\s*\}$/, '}'),
  'one-zero': (text) => text.replaceAll(/:\s*-0(?=[,}])/g, ':0'),
  'any-bytes': (text) => text.replaceAll(/[\x80-\xff]/g, '?'),
  'raw-tabs': (text) => text.replaceAll('\t', ' '),
  'leading-zeros': (text) => text.replaceAll(/:\s*0+(?=\d)/g, ':'),
};
export const breaks: readonly string[] = Object.keys(instead);

export function broken(name: string): Wrap {
  const change = instead[name]!;
  return (make) => (format, rows) => {
    const scanner = make(format, rows);
    return scanner === null ? null : changed(scanner, change);
  };
}

function changed(scanner: LineScanner, change: (text: string) => string): LineScanner {
  const readWhole = (record: Uint8Array): boolean =>
    scanner.readWhole(Buffer.from(change(Buffer.from(record).toString('latin1')), 'latin1'));
  const whole = {
    kept: null,
    lines: 0,
    readWhole,
    read(bytes: Uint8Array, from: number, to: number, most: number) {
      let at = from;
      for (whole.lines = 0; whole.lines < most && at < to; whole.lines++) {
        const end = bytes.indexOf(10, at);
        if (!readWhole(bytes.subarray(at, bytes[end - 1] === 13 ? end - 1 : end))) break;
        at = end + 1;
      }
      return at;
    },
  };
  return whole;
}
