// The job of chaos/backpressure.mjs: numbers as fast as they can be made, into a sink that stands still while a file exists.
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineSink, from, type Params, type Pipeline, pipeline, schema, t } from 'weir';
import { generator } from 'weir/connectors';

const Tick = schema({ i: t.number, text: t.string });
type Range = { from: number; to: number; rows: number };

/** Commits each epoch's range of numbers as a line; stands still, in a write or in a commit, while `gate` exists. */
const gatedSink = (path: string, gate: string, where: string) =>
  defineSink<{ i: number; text: string }, Range>({
    name: `ranges ${path}`,
    guarantee: 'exactly-once',
    staged: t.any<Range>(),
    async open() {
      let range: Range = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, rows: 0 };
      return {
        async write(rows) {
          while (where === 'write' && existsSync(gate)) await sleep(20);
          for (const { i } of rows) range = { from: Math.min(range.from, i), to: Math.max(range.to, i), rows: range.rows + 1 };
        },
        stage() {
          const staged = range;
          range = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, rows: 0 };
          return staged;
        },
        async commit(permit, staged) {
          while (where === 'commit' && existsSync(gate)) await sleep(20);
          if (staged.rows > 0) await appendFile(path, `${JSON.stringify({ epoch: permit.epoch, ...staged })}\n`);
        },
      };
    },
  });

export default (params: Params): Pipeline =>
  pipeline({
    name: 'backpressure',
    outputs: [
      from(generator.source({ rowsPerSecond: 10_000_000, row: (i) => ({ i, text: `row number ${i}` }) }))
        .map((row) => row, Tick)
        .to(gatedSink(params.string('ranges', 'ranges.jsonl'), params.string('gate', 'gate'), params.string('where', 'write'))),
    ],
  });
