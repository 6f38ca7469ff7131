export { type ClusterEnvironment, type ClusterOptions, startCluster } from './cluster.ts';
export type { JobReport, JobState, JobStatus, RunningJob, SplitStatus, SubtaskStatus } from './status.ts';
