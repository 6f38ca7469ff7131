/**
 * The shape that lines of JSON have: which keys, in which order.
 *
 * Owns: finding it out from one line. Only flat objects have one whose keys are plain: printable ASCII without escapes.
 */
export interface JsonKey {
  /** `"name":`, as it stands in the line. */
  readonly bytes: Uint8Array;
  /** Which column; -1 for a key that the schema does not have. */
  readonly column: number;
}
export interface JsonShape {
  readonly keys: readonly JsonKey[];
  /** Columns that have no key in it. */
  readonly missing: readonly number[];
}

const quote = 34;
const comma = 44;
const colon = 58;
const backslash = 92;
const open = 123;
const close = 125;
const space = 32;

/** Null: it has none, or one that cannot be told apart from others by its keys alone. */
export function shapeOf(line: Uint8Array, columns: readonly string[]): JsonShape | null {
  const keys: JsonKey[] = [];
  let at = skipSpaces(line, 0);
  if (line[at++] !== open) return null;
  for (let next = comma; next === comma; at++) {
    at = skipSpaces(line, at);
    const end = endOfText(line, at);
    if (end < 0 || line[end] !== colon) return null;
    const name = textOf(line, at + 1, end - 1);
    keys.push({ bytes: line.slice(at, end + 1), column: columns.indexOf(name) });
    at = skipSpaces(line, endOfValue(line, skipSpaces(line, end + 1)));
    next = line[at] ?? 0;
    if (next !== comma && next !== close) return null;
  }
  const known = keys.map(({ column }) => column).filter((column) => column >= 0);
  if (new Set(known).size !== known.length) return null; // of a key that is there twice the last value counts
  return { keys, missing: columns.map((_, i) => i).filter((i) => !known.includes(i)) };
}

function skipSpaces(line: Uint8Array, from: number): number {
  let at = from;
  while (line[at] === space) at++;
  return at;
}

/** Behind a plain text in quotes that begins here; -1 if there is none. */
function endOfText(line: Uint8Array, from: number): number {
  if (line[from] !== quote) return -1;
  for (let at = from + 1; at < line.length; at++) {
    const byte = line[at]!;
    if (byte === quote) return at + 1;
    if (byte === backslash || byte < space || byte > 126) return -1;
  }
  return -1;
}

/** Behind the value that begins here, roughly: what it is the scanner finds out. */
function endOfValue(line: Uint8Array, from: number): number {
  if (line[from] === quote) {
    let at = from + 1;
    while (at < line.length && line[at] !== quote) at += line[at] === backslash ? 2 : 1;
    return at + 1;
  }
  let at = from;
  while (at < line.length && line[at] !== comma && line[at] !== close && line[at] !== space) at++;
  return at;
}

const textOf = (line: Uint8Array, from: number, to: number): string => String.fromCharCode(...line.subarray(from, to));
