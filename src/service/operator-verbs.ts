/** The verbs that ask a job that runs elsewhere, their flags and their help. */
import type { Command } from 'commander';
import { connecting } from './connecting.ts';
import type { OperatorSettings, StatusSettings, StopSettings, WhySettings } from './operator-commands.ts';
import { directory } from './run-settings.ts';

export interface OperatorVerbs {
  readonly status: (job: string | undefined, settings: StatusSettings) => Promise<void>;
  readonly why: (job: string, settings: WhySettings) => Promise<void>;
  readonly stop: (job: string, settings: StopSettings) => Promise<void>;
  readonly savepoint: (job: string, directory: string, settings: OperatorSettings) => Promise<void>;
}

const help = `
A job is asked over NATS, by the name that its coordinator announces, or, where it runs with --http PORT, over that.
Exit codes: 0; 1 it does not answer, or failed to do it; 2 usage, or no such job; 3 nothing can be reached.`;

export function operatorVerbs(program: Command, verbs: OperatorVerbs): void {
  const status = asking(
    program.command('status').description('print how a running job does; all jobs of the server without a name'),
  )
    .argument('[job]', 'its name')
    .option('--json', 'everything, as GET /v1/jobs/NAME and GET /v1/jobs give it', false);
  connecting(status, ([job], settings) => verbs.status(job, settings as unknown as StatusSettings));
  const why = asking(
    program
      .command('why')
      .description('say why windows of a running job are still open, or what of a key is, and what has to happen'),
  )
    .argument('<job>', 'its name')
    .option('--operator <id>', 'of this operator alone, as weir plan names it')
    .option('--key <key>', 'of this key of it: JSON, an array where there are several columns, or plain text')
    .option('--json', 'as GET /v1/jobs/NAME/why gives it', false);
  connecting(why, ([job], settings) => verbs.why(job!, settings as unknown as WhySettings));
  const stop = asking(program.command('stop').description('stop a running job with a final checkpoint, and wait until it has'))
    .argument('<job>', 'its name')
    .option('--savepoint <directory>', 'keep that checkpoint there, on the machine of its coordinator', directory);
  connecting(stop, ([job], settings) => verbs.stop(job!, settings as unknown as StopSettings));
  const savepoint = asking(program.command('savepoint').description('take a savepoint of a running job, which goes on'))
    .argument('<job>', 'its name')
    .argument('<directory>', 'a new one, on the machine of its coordinator', directory);
  connecting(savepoint, ([job, to], settings) => verbs.savepoint(job!, to!, settings as OperatorSettings));
}

const asking = (command: Command): Command =>
  command.option('--http <url>', 'ask the process that serves there, instead of NATS').addHelpText('after', help);
