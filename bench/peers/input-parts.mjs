// The input of a peer that wants it in several files: two that are read side by side, or many that come one after the other.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const chunkBytes = 1 << 22;
const newline = 10;

/** Calls `take` with pieces of the file that each end with a line; their bytes are valid during the call. */
function eachPiece(path, take) {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let kept = 0;
    for (let read = readSync(fd, buffer, 0, chunkBytes); read > 0; read = readSync(fd, buffer, kept, chunkBytes - kept)) {
      const filled = kept + read;
      const end = buffer.lastIndexOf(newline, filled - 1) + 1;
      if (end === 0 && filled === chunkBytes) throw new Error(`${path}: a line of more than ${chunkBytes} bytes`);
      if (end > 0) take(buffer.subarray(0, end));
      buffer.copyWithin(0, end, filled);
      kept = filled - end;
    }
    if (kept > 0) take(Buffer.concat([buffer.subarray(0, kept), Buffer.from('\n')]));
  } finally {
    closeSync(fd);
  }
}

/** Made once of an input as it is now, and kept in `work` under `name`. */
async function kept(path, work, name, make) {
  const { size, mtimeMs } = await stat(path);
  const folder = join(work, `${basename(path)}.${name}`);
  const stamp = `${folder}.made-of`;
  const made = `${size} ${mtimeMs}`;
  if ((await readFile(stamp, 'utf8').catch(() => '')) === made) return folder;
  await rm(stamp, { force: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await make(folder);
  await writeFile(`${stamp}.new`, made);
  await rename(`${stamp}.new`, stamp);
  return folder;
}

/** @returns a folder in which line i of the input is in file i mod `count`, as in a topic with that many partitions */
export const interleaved = (path, work, count) =>
  kept(path, work, `interleaved-${count}`, (folder) => interleave(path, folder, count));

/** @returns a folder in which the input is in files of about `bytes`, one after the other by their times; behind them one with the rows `last` */
export const sliced = (path, work, bytes, last) =>
  kept(path, work, `sliced-${bytes}${last.length > 0 ? '-closed' : ''}`, (folder) => slice(path, folder, bytes, last));

/** Each file is in the order of the input. */
async function interleave(path, folder, count) {
  const fds = Array.from({ length: count }, (_, i) => openSync(join(folder, `part-${i}.jsonl`), 'w'));
  let line = 0;
  eachPiece(path, (bytes) => {
    const pieces = fds.map(() => []);
    for (let from = 0; from < bytes.length; line++) {
      const to = bytes.indexOf(newline, from) + 1;
      pieces[line % count].push(bytes.subarray(from, to));
      from = to;
    }
    pieces.forEach((parts, i) => {
      writeSync(fds[i], Buffer.concat(parts));
    });
  });
  fds.forEach(closeSync);
}

/** A second apart by their times, so that who reads them in the order of their times reads the input in its order. */
async function slice(path, folder, bytes, last = []) {
  let [count, filled, fd] = [0, 0, undefined];
  const next = () => {
    if (fd !== undefined) closeSync(fd);
    [fd, filled] = [openSync(join(folder, `part-${String(count++).padStart(5, '0')}.jsonl`), 'w'), 0];
  };
  eachPiece(path, (piece) => {
    if (fd === undefined || filled + piece.length > bytes) next();
    writeSync(fd, piece);
    filled += piece.length;
  });
  if (last.length > 0) {
    next();
    writeSync(fd, last.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  if (fd !== undefined) closeSync(fd);
  await orderByTime(folder);
}

async function orderByTime(folder) {
  const names = (await readdir(folder)).sort();
  const { mtimeMs } = await stat(folder);
  const begin = Math.floor(mtimeMs / 1000) - names.length;
  for (const [i, name] of names.entries()) await utimes(join(folder, name), begin + i, begin + i);
}
