import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bin, Folder, Program, reportOf } from './weir-process.ts';

const job = `
import { appendFileSync } from 'node:fs';
import { avg, from, json, pipeline, schema, t, window } from 'weir';
import { file } from 'weir/connectors';
let made = 'makes code';
try { new Function('return 1')(); } catch { made = 'makes no code'; }
appendFileSync('said', made);
const Row = schema({
  n: t.int, text: t.string, at: t.timestampOf('yyyy/MM/dd HH:mm'), inner: t.struct({ a: t.number, tags: t.list(t.string) }).nullable(),
});
const rows = from(file.source({ path: 'in.jsonl', format: json(Row) }));
const odd = rows.filter((row) => row.n % 2 === 1).map(({ inner, ...row }) => ({ ...row, a: inner?.a ?? null }));
const averages = rows.withWatermark('at', '1 minute').groupBy(window('at', '10 minutes'), 'text').agg({ n: avg('n') });
export default pipeline({ name: 'no-code', deadLetters: file.sink({ path: 'dead.jsonl' }), outputs: [
  rows.to(file.sink({ path: 'all.jsonl' })), odd.to(file.sink({ path: 'odd.jsonl' })), averages.to(file.sink({ path: 'averages.jsonl' })),
] });
`;
const line = (n: number): string =>
  JSON.stringify({
    inner: n % 5 === 0 ? null : { tags: ['é', `${n}`], a: n / 8 },
    n,
    text: `"${n % 3}"`,
    at: `2024/05/01 12:${String(n % 60).padStart(2, '0')}`,
  });
const input = `${Array.from({ length: 200 }, (_, n) => (n % 50 === 49 ? '{"n":' : line(n))).join('\n')}\n`;

test('a job gives the same where no code may be made of text', async () => {
  const outcomes: string[][] = [];
  for (const [said, ...flags] of [['makes code'], ['makes no code', '--disallow-code-generation-from-strings']]) {
    using folder = new Folder({ 'job.ts': job, 'in.jsonl': input });
    const ended = await new Program(process.execPath, [...flags, bin, 'run', 'job.ts'], folder.path).ended;
    expect(ended.code === 0 ? '' : ended.stderr).toBe('');
    expect(readFileSync(join(folder.path, 'said'), 'utf8')).toBe(said);
    expect(reportOf(ended)).toMatchObject({ rowsIn: 200, deadLetters: 4 });
    outcomes.push(['all', 'odd', 'averages', 'dead'].map((name) => readFileSync(join(folder.path, `${name}.jsonl`), 'utf8')));
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[0]!.map((text) => text.length > 400)).toEqual([true, true, true, true]);
});
