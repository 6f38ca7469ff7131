/** Records as bytes: as they are usually written, as they may be written, and such that are damaged. */
import { Buffer } from 'node:buffer';
import type { SchemaField } from '../../../src/batch/index.ts';
import { chance, type Draw, pick, valueRow } from './schemas.ts';

/** Of one input: how most of its lines are written. */
interface Style {
  readonly comma: string;
  readonly colon: string;
  /** How often something about a line is unusual. */
  readonly odd: number;
  readonly shuffled: number;
  readonly damaged: number;
  readonly lineEnd: string;
}

const oddTokens = [
  '1e400', '-0', '-0.0', '0.0', '1E3', '1e-400', '00', '01', '1.', '.5', '-', '+1', '0x1', '1e', '1e+', 'NaN', 'Infinity', 'tru', 'nul', 'nulll',
  '123456789012345678901234567890', '0.1234567890123456789', '9007199254740993', '-9007199254740992', '1.0', '12345678.12345678', '""', '"\\u0041"',
  '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00"', '"\\u00e9"', '"\\x"', '"\\u12"', '"a\\/b\\\\\\"\\b\\f\\n\\r\\t"', "'a'", '[]', '{}', '[1,]', '{"a":1,}', '[[[1]]]', 'null', 'true', 'false',
  '"2024-02-30T00:00:00Z"', '"2024-05-01T24:00:00Z"', '"+275760-09-13T00:00:00Z"', '"2024-05-01T12:30:15.123456Z"', '8640000000000001', '1.5', '"tab\there"', '"\u007f"', '',
]; // biome-ignore format: a table

const styleOf = (random: Draw): Style => ({
  comma: pick(random, [',', ',', ',', ', ', ' ,\t']),
  colon: pick(random, [':', ':', ':', ': ', ' : ']),
  odd: pick(random, [0, 0, 0, 0.01, 0.04]),
  shuffled: pick(random, [0, 0, 0.05, 1]),
  damaged: pick(random, [0, 0, 0, 0.05, 0.3]),
  lineEnd: pick(random, ['\n', '\n', '\n', '\r\n']),
});

/** Several lines of records; the last one may have no end. */
export function inputOf(random: Draw, fields: readonly SchemaField[]): Uint8Array {
  const style = styleOf(random);
  if (chance(random, 0.03)) return cuts(lineOf(random, fields, style));
  const lines = Array.from({ length: 1 + Math.floor(random() * 24) }, () => lineOf(random, fields, style));
  const mark = chance(random, 0.05) ? Buffer.from('\ufeff') : Buffer.alloc(0);
  const last = chance(random, 0.3) ? Buffer.alloc(0) : Buffer.from(style.lineEnd);
  const end = Buffer.from(style.lineEnd);
  return Buffer.concat([mark, ...lines.flatMap((line, i) => (i === 0 ? [line] : [end, line])), last]);
}

/** A line that is cut at every byte, behind one that is whole. */
function cuts(line: Uint8Array): Uint8Array {
  const end = Buffer.from('\n');
  return Buffer.concat([line, end, ...Array.from(line, (_, length) => [line.subarray(0, length), end]).flat()]);
}

function lineOf(random: Draw, fields: readonly SchemaField[], style: Style): Uint8Array {
  if (chance(random, style.odd / 4)) return Buffer.from(pick(random, ['', ' ', '[]', '1', 'null', '"x"', '{}', nested(random)]));
  const text = written(random, valueRow(random, fields, chance(random, style.shuffled)), style);
  const bytes = Buffer.from(text);
  return chance(random, style.damaged) ? damage(random, bytes) : bytes;
}

const nested = (random: Draw): string => {
  const depth = pick(random, [3, 99, 102, 5000]);
  return `{"more":${'['.repeat(depth)}${']'.repeat(chance(random, 0.8) ? depth : depth - 1)}}`;
};

/** As JSON, in one of its spellings. */
function written(random: Draw, value: unknown, style: Style): string {
  if (chance(random, style.odd / 2)) return pick(random, oddTokens);
  if (Array.isArray(value)) return `[${value.map((one) => written(random, one, style)).join(style.comma)}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(
      ([name, one]) => `${keyOf(random, name, style)}${style.colon}${written(random, one, style)}`,
    );
    if (pairs.length > 0 && chance(random, style.odd / 4)) pairs.push(pick(random, pairs)); // a key that is there twice
    if (pairs.length > 0 && chance(random, style.odd / 4)) pairs.push(''); // a comma too many
    return `{${pairs.join(style.comma)}}${chance(random, style.odd) ? ' ' : ''}`;
  }
  const text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return typeof value === 'string' ? spelled(random, text, style.odd) : text;
}

const keyOf = (random: Draw, name: string, style: Style): string => spelled(random, JSON.stringify(name), style.odd / 4);

/** A string with escapes that need not be. */
function spelled(random: Draw, text: string, odd: number): string {
  if (!chance(random, odd) || text.length < 3) return text;
  const at = 1 + Math.floor(random() * (text.length - 2));
  const code = text.charCodeAt(at);
  if (text.includes('\\')) return text;
  return `${text.slice(0, at)}\\u${code.toString(16).padStart(4, '0')}${text.slice(at + 1)}`;
}

const oddBytes = [
  0, 9, 10, 13, 32, 34, 44, 45, 46, 48, 57, 58, 69, 91, 92, 93, 101, 117, 123, 125, 127, 0x80, 0xc0, 0xe2, 0xed, 0xf5, 0xff,
];

function damage(random: Draw, bytes: Buffer): Uint8Array {
  const at = Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: // one byte more
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(pick(random, oddBytes)), bytes.subarray(at)]);
    case 2: // one less
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    case 3: // a stretch twice
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 8))]);
    default: {
      const other = Buffer.from(bytes);
      if (at < other.length) other[at] = chance(random, 0.5) ? pick(random, oddBytes) : Math.floor(random() * 256);
      return other;
    }
  }
}
