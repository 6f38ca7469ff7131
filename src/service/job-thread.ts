/** A worker thread of `--transport threads`: what `weir worker` is in a process of its own. */
import type { SabotageName } from '../core/index.ts';
import {
  connectConnectors,
  type ConnectionFlags,
  joinThread,
  runThread,
  threadLogger,
  threadSettings,
} from '../runtime/index.ts';
import { loadJob } from './load-job.ts';
import { version } from './version.ts';
import { planOf } from './worker-command.ts';

export interface JobThreadSettings {
  readonly module: string;
  readonly slots: number;
  /** How sources and sinks reach NATS. */
  readonly flags: ConnectionFlags;
  readonly copiesBytesMax: number;
  /** Tests only: see core/sabotage.ts. */
  readonly break?: SabotageName;
}

const { module, slots, flags, copiesBytesMax, break: broken } = threadSettings() as JobThreadSettings;

await runThread(async () => {
  const loaded = await loadJob(module);
  connectConnectors(flags, process.env, threadLogger);
  await joinThread({
    slots,
    version: version(),
    copiesBytesMax,
    plan: (spec) => planOf(loaded, spec),
    ...(broken === undefined ? {} : { sabotage: { break: broken } }),
  });
});
