export { type ClusterEnvironment, startCluster } from './cluster.ts';
export { Lead, type LeadEnvironment, type LeadOptions, type WorkerReports } from './lead.ts';
export { Fleet, type FleetOptions, stuckAfterMs } from './remote/fleet.ts';
export { Leadership, type LeadershipOptions } from './remote/leadership.ts';
export { RemoteWorker, type RemoteWorkerOptions } from './remote/remote-worker.ts';
export { type Alive, type JobSpec, type Subjects, subjects } from './remote/messages.ts';
export { type Why, whyOf } from './why.ts';
export type { Workers } from './workers.ts';
export type { JobReport, JobState, JobStatus, RunningJob, SplitStatus, SubtaskStatus } from './status.ts';
