export type { JobStatus, RunningJob } from '../cluster/index.ts';
export { type PrivateServer, type PrivateServerOptions, startPrivateServer } from './nats/private-server.ts';
export { realClock } from './real-clock.ts';
export { realRandom } from './real-random.ts';
export { writeSavepoint } from './savepoint.ts';
export { jobDirectory, startJob, type StartJobOptions } from './start-job.ts';
