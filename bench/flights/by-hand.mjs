// The flights job as one would write it without an engine: `node bench/flights/by-hand.mjs INPUT RESULT LATE`.
//
// The competitor of the benchmark, so as quick as plain Node gets without giving up anything of the result: one pass over the bytes
// of the file, a Map for each open day, the watermark and what comes too late for it. Nothing of it survives a crash.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const [input, resultPath, latePath] = process.argv.slice(2);
const dayMs = 86_400_000;
const watermarkDelayMs = 30 * 60_000;
const chunkBytes = 1 << 20;
const outputCharsMax = 1 << 18;
const newline = 10;

/** Collects lines, and writes them many at a time. */
function lineFile(path) {
  const fd = openSync(path, 'w');
  let text = '';
  const flush = () => {
    writeSync(fd, text);
    text = '';
  };
  return {
    add(line) {
      text += `${line}\n`;
      if (text.length > outputCharsMax) flush();
    },
    close() {
      flush();
      closeSync(fd);
    },
  };
}

const result = lineFile(resultPath);
const late = lineFile(latePath);

/** Begin of each day that was seen: a date has 1440 minutes, and one day to work out. */
const days = new Map();
function beginOf(day) {
  let begin = days.get(day);
  if (begin === undefined) {
    begin = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10)));
    if (days.size > 1000) days.clear();
    days.set(day, begin);
  }
  return begin;
}

const open = new Map();
let watermark = Number.NEGATIVE_INFINITY;
let nextEnd = Number.POSITIVE_INFINITY;

function flight(row) {
  const { date, delay, origin } = row;
  const begin = beginOf(date.slice(0, 10));
  const minutes =
    date.charCodeAt(11) * 600 + date.charCodeAt(12) * 60 + date.charCodeAt(14) * 10 + date.charCodeAt(15) - 48 * 671;
  const end = begin + dayMs;
  if (end <= watermark) {
    late.add(JSON.stringify({ ...row, date: begin + minutes * 60_000 }));
    return;
  }
  let origins = open.get(end);
  if (origins === undefined) {
    open.set(end, (origins = new Map()));
    if (end < nextEnd) nextEnd = end;
  }
  const group = origins.get(origin);
  if (group === undefined) origins.set(origin, { flights: 1, sum: delay, longest: delay });
  else {
    group.flights++;
    group.sum += delay;
    if (delay > group.longest) group.longest = delay;
  }
  const reached = begin + minutes * 60_000 - watermarkDelayMs;
  if (reached <= watermark) return;
  watermark = reached;
  if (nextEnd <= watermark) fire();
}

function fire() {
  const ends = [...open.keys()].filter((end) => end <= watermark).sort((a, b) => a - b);
  for (const end of ends) {
    const day = new Date(end - dayMs).toISOString().slice(0, 10);
    for (const [origin, { flights, sum, longest }] of open.get(end))
      result.add(JSON.stringify({ origin, day, flights, avgDelay: sum / flights, maxDelay: longest }));
    open.delete(end);
  }
  nextEnd = Math.min(Number.POSITIVE_INFINITY, ...open.keys());
}

process.stdout.write('by hand\n');
const fd = openSync(input, 'r');
const buffer = Buffer.allocUnsafe(2 * chunkBytes);
let kept = 0;
for (;;) {
  const read = readSync(fd, buffer, kept, chunkBytes, null);
  if (read === 0) break;
  const filled = kept + read;
  let from = 0;
  for (let to = buffer.indexOf(newline, kept); to !== -1 && to < filled; to = buffer.indexOf(newline, from)) {
    flight(JSON.parse(buffer.utf8Slice(from, to)));
    from = to + 1;
  }
  buffer.copyWithin(0, from, filled);
  kept = filled - from;
  if (kept > chunkBytes) throw new Error(`a line of ${kept} bytes`);
}
closeSync(fd);
watermark = Number.POSITIVE_INFINITY;
fire();
result.close();
late.close();
