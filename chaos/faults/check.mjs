// Reads back what the job of the faults has read and written, and holds the one against the other. Knows the streams and nothing else: no
// code of the engine is used here, only the headers that its messages show to anybody.
import { readAll } from '../workloads/streams.mjs';
import { splits } from './feed.mjs';

const delayMs = 1000;
const windowMs = 1000;

/** What an undisturbed run writes: by key, in order. */
function expectedOf(input) {
  const running = new Map();
  const seconds = new Map();
  const latest = Array.from({ length: splits }, () => Number.NEGATIVE_INFINITY);
  for (const { subject, text } of input) {
    const split = Number(subject.split('.')[1]);
    for (const line of text.split('\n')) {
      const { key, n, at } = JSON.parse(line);
      const before = running.get(key) ?? [];
      running.set(key, before);
      before.push({ key, place: before.length + 1, total: (before.at(-1)?.total ?? 0) + n });
      const start = Math.floor(at / windowMs) * windowMs;
      const window = seconds.get(`${key} ${start}`) ?? { key, start, rows: 0, sum: 0 };
      seconds.set(`${key} ${start}`, { ...window, rows: window.rows + 1, sum: window.sum + n });
      latest[split] = Math.max(latest[split], at);
    }
  }
  const watermark = Math.min(...latest) - delayMs;
  const closed = [...seconds.values()].filter(({ start }) => start + windowMs <= watermark);
  return { running: [...running.values()].flat(), seconds: closed };
}

/** Of rows whose `identity` is theirs alone and whose `order` rises within a key. */
function compare(expected, messages, identity, order) {
  const wanted = new Map(expected.map((row) => [identity(row), JSON.stringify(row)]));
  const seen = new Set();
  const highest = new Map();
  let duplicated = 0;
  let reordered = 0;
  for (const { text, headers } of messages) {
    if (headers?.has('Weir-Fence')) continue;
    const row = JSON.parse(text);
    const id = identity(row);
    // A row that nobody asked for is one too many, too.
    if (seen.has(id) || wanted.get(id) !== JSON.stringify(row)) {
      duplicated++;
      continue;
    }
    seen.add(id);
    if ((highest.get(row.key) ?? Number.NEGATIVE_INFINITY) > order(row)) reordered++;
    highest.set(row.key, Math.max(order(row), highest.get(row.key) ?? Number.NEGATIVE_INFINITY));
  }
  return { lost: wanted.size - seen.size, duplicated, reordered };
}

/** Messages that an older generation wrote behind a newer one, and the generations that went on from a checkpoint. */
function writers(messages) {
  let newest = 0;
  let zombieWrites = 0;
  const restored = new Set();
  for (const { headers } of messages) {
    const generation = Number(headers?.get('Weir-Generation'));
    if (generation < newest) zombieWrites++;
    newest = Math.max(newest, generation);
    if (generation > 1 && Number(headers?.get('Weir-Epoch')) > 0) restored.add(generation);
  }
  return { zombieWrites, restored };
}

/** @returns how much is missing, is there twice (or is wrong), or in another order; and who wrote */
export async function check(connection, output = connection) {
  const running = await readAll(output, 'RUNNING');
  const seconds = await readAll(output, 'SECONDS');
  const expected = expectedOf(await readAll(connection, 'IN')); // last: nothing was written that is not there to read
  const parts = [
    compare(
      expected.running,
      running,
      ({ key, place }) => `${key} ${place}`,
      ({ place }) => place,
    ),
    compare(
      expected.seconds,
      seconds,
      ({ key, start }) => `${key} ${start}`,
      ({ start }) => start,
    ),
  ];
  const of = (name) => parts.reduce((sum, part) => sum + part[name], 0);
  const who = [writers(running), writers(seconds)];
  return {
    rows: expected.running.length + expected.seconds.length,
    restores: new Set(who.flatMap(({ restored }) => [...restored])).size,
    zombieWrites: who.reduce((sum, { zombieWrites }) => sum + zombieWrites, 0),
    lost: of('lost'),
    duplicated: of('duplicated'),
    reordered: of('reordered'),
  };
}
