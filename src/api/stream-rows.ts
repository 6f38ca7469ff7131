/** Runs a stream as a job of its own for as long as somebody reads its rows. */
import type { LogicalNode, OutputMode } from '../plan/index.ts';
import type { RunOptions } from './job.ts';
import { defaultCheckpointEveryMs, defaultRestart } from './job-defaults.ts';
import type { Launcher } from './launcher.ts';
import { rowsSink } from './rows-sink.ts';

/** Each row once, as its epoch commits. Leaving the loop stops the job; its failure is thrown by the loop. */
export async function* streamRows(
  node: LogicalNode,
  launcher: Launcher,
  mode: OutputMode,
  { stateDir, signal, transport }: RunOptions,
): AsyncGenerator<object, void, void> {
  const sink = rowsSink(mode);
  const output = {
    kind: 'sink',
    input: node,
    sink: sink.definition,
    mode,
    everyMs: 0,
    site: node.site,
    schema: node.schema,
  } as const;
  const job = await launcher.start(
    { name: 'rows', outputs: [output], parallelism: 1, checkpointEveryMs: defaultCheckpointEveryMs, restart: defaultRestart },
    {
      ephemeral: stateDir === undefined,
      ...(stateDir === undefined ? {} : { stateDir }),
      ...(signal === undefined ? {} : { signal }),
      ...(transport === undefined ? {} : { transport }),
    },
  );
  const finished = job.finished.finally(() => sink.end());
  finished.catch(() => {}); // thrown below, once the rows before it were taken
  try {
    for (let rows = await sink.next(); rows !== null; rows = await sink.next()) yield* rows;
    await finished;
  } finally {
    sink.end();
    await job.stop().catch(() => {}); // it has failed already, and said so above
  }
}
