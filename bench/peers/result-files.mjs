// What an engine wrote, row by row: a file of JSON lines, or a folder of them in the order of their names.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

const chunkBytes = 1 << 20;
const newline = 10;
/** Numbers in names count as numbers: part-2 comes before part-10. */
const byName = new Intl.Collator('en', { numeric: true }).compare;

/** The files of a result, without those that an engine keeps for itself or has not finished: their names begin with a dot or a line. */
export function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !/^[._]/.test(name))
    .sort(byName)
    .flatMap((name) => filesOf(join(path, name)));
}

function* linesOf(path) {
  const fd = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(chunkBytes);
    let kept = 0;
    for (let read = readSync(fd, buffer, 0, chunkBytes); read > 0; read = readSync(fd, buffer, kept, buffer.length - kept)) {
      const filled = kept + read;
      let from = 0;
      for (let to = buffer.indexOf(newline); to !== -1 && to < filled; to = buffer.indexOf(newline, from)) {
        yield buffer.utf8Slice(from, to);
        from = to + 1;
      }
      kept = filled - from;
      buffer.copyWithin(0, from, filled);
      if (kept === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
    }
    if (kept > 0) yield buffer.utf8Slice(0, kept);
  } finally {
    closeSync(fd);
  }
}

/** All rows of a result, in the order in which they were written, as often as they are asked for. */
export function readRows(path) {
  return {
    *[Symbol.iterator]() {
      for (const file of filesOf(path)) for (const line of linesOf(file)) yield JSON.parse(line);
    },
  };
}

/** How many rows were written. */
export function countRows(path) {
  let count = 0;
  for (const file of filesOf(path)) for (const _ of linesOf(file)) count++;
  return count;
}
