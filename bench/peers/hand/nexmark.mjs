// One query of the benchmark as one would write it in Node without an engine, one or more passes; a line of JSON for each.
//
// `--query q0 --input FILE --output FOLDER [--passes 2] [--updates second|each]`. One process, one thread. The file is read as a stream, cut into
// lines, each parsed; windows are Maps, and close by the watermark; what comes out is written as a stream. Nothing of it survives
// a crash. `--updates`: when `running` says what changed: each second, or with each row.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { handQueries } from './queries.mjs';

const readBytes = 1 << 20;
const writeChars = 1 << 17;

/** Rows as lines, some thousand at a time. */
function lineFile(path) {
  const stream = createWriteStream(path);
  let text = '';
  return {
    add(row) {
      text += `${JSON.stringify(row)}\n`;
    },
    /** To be awaited between two pieces of the input: the disk may be slower than we are. */
    async passOn() {
      if (text.length < writeChars) return;
      const full = !stream.write(text);
      text = '';
      if (full) await once(stream, 'drain');
    },
    async end() {
      stream.end(text);
      await finished(stream);
    },
  };
}

async function run({ query, input, output, updates }, number) {
  const folder = join(output, `pass-${number}`);
  await mkdir(folder, { recursive: true });
  const before = process.cpuUsage();
  const begun = performance.now();
  const results = lineFile(join(folder, 'result.jsonl'));
  const { event, end } = handQueries[query]((row) => results.add(row), { each: updates === 'each' });
  let rest = '';
  for await (const chunk of createReadStream(input, { encoding: 'utf8', highWaterMark: readBytes })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) event(JSON.parse(line));
    await results.passOn();
  }
  if (rest !== '') event(JSON.parse(rest));
  end();
  await results.end();
  const { user, system } = process.cpuUsage(before);
  const all = process.cpuUsage();
  return {
    pass: number,
    startMs: Math.round(performance.timeOrigin + begun - Number(process.env.PEER_STARTED_MS ?? performance.timeOrigin)),
    wallMs: Math.round(performance.now() - begun),
    cpuMs: Math.round((user + system) / 1000),
    processCpuMs: Math.round((all.user + all.system) / 1000),
  };
}

const text = { type: 'string' };
const { values } = parseArgs({
  options: { query: text, input: text, output: text, passes: { ...text, default: '2' }, updates: { ...text, default: 'second' } },
});
for (let number = 1; number <= Number(values.passes); number++) {
  process.stdout.write(`${JSON.stringify(await run(values, number))}\n`);
}
