export type { JobStatus, RunningJob } from '../cluster/index.ts';
export { natsBus } from './nats/bus.ts';
export { type ConnectionFlags, connectionFlags } from './nats/connection-flags.ts';
export { connectConnectors } from './nats/connector-connections.ts';
export { type ConnectionOptions, connectionOptions } from './nats/connection-options.ts';
export { clientSettings, type OpenConnection, openConnection } from './nats/open-connection.ts';
export { type JobPermissions, permissionsOf, type Role, type RolePermissions, roles } from './nats/permissions.ts';
export { permissionsConfig } from './nats/permissions-text.ts';
export { type PrivateServer, type PrivateServerOptions, startPrivateServer } from './nats/private-server.ts';
export { type Redact, redactedError, redactedLogger } from './nats/secrets.ts';
export { spawnTied, type TiedChild } from './nats/tied-child.ts';
export { checkPermissions, checkServer, describeServer, type ServerNeeds, type ServerReport } from './nats/server-check.ts';
export { Crew, type Hand } from './crew.ts';
export { onceItRuns } from './once-it-runs.ts';
export { realClock } from './real-clock.ts';
export { realRandom } from './real-random.ts';
export type { OperatedJob, Saved, Stopped } from './operated-job.ts';
export { takeSavepoint } from './operated-job.ts';
export { announcedJobs, type AnnouncedJobs } from './remote/known-jobs.ts';
export { leadJob, type LeadJobOptions } from './remote/lead-job.ts';
export { NeverLed } from './remote/never-led.ts';
export {
  controlSubject,
  decodeAnswer,
  encodeRequest,
  type LastAnswer,
  type OperatorRequest,
  path,
  type Refusal,
  refusalOf,
  refused,
} from './remote/operator-messages.ts';
export { joinJob, type JoinOptions } from './remote/work.ts';
export { workerName } from './remote/worker-name.ts';
export { joinThread, runThread, threadLogger, threadSettings } from './threads/join-thread.ts';
export { leadThreads, type LeadThreadsOptions } from './threads/lead-threads.ts';
export { writeSavepoint } from './savepoint.ts';
export { claimStore } from './store-claim.ts';
export { jobDirectory, startJob, type StartJobOptions } from './start-job.ts';
