export { type ClusterEnvironment, type ClusterOptions, startCluster } from './cluster.ts';
export type { CheckpointStatus, JobReport, JobState, JobStatus, RunningJob, SplitStatus, SubtaskStatus } from './status.ts';
