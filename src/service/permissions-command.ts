/** `weir permissions`: what the users of a job's processes must be allowed on a NATS server. */
import { logicalJob } from '../api/index.ts';
import { planJob } from '../plan/index.ts';
import { permissionsConfig, permissionsOf, type Role, roles } from '../runtime/index.ts';
import { jobPipeline } from './job-pipeline.ts';
import { loadJob } from './load-job.ts';
import { CommandParams } from './params.ts';

export interface PermissionsSettings {
  /** Instead of the pipeline's own name. */
  readonly job?: string;
  readonly role?: Role;
  readonly format: 'conf' | 'json';
  readonly publish?: readonly string[];
  readonly jsDomain?: string;
}

/** @returns what is printed */
export async function permissionsCommand(name: string, settings: PermissionsSettings, words: readonly string[]): Promise<string> {
  const params = new CommandParams(words);
  const pipeline = await jobPipeline(await loadJob(name), params);
  params.refuseUnasked();
  const { job, role, format, publish = [], jsDomain } = settings;
  const logical = logicalJob(pipeline);
  const permissions = permissionsOf(planJob(job === undefined ? logical : { ...logical, name: job }), {
    publish,
    ...(jsDomain === undefined ? {} : { apiPrefix: `$JS.${jsDomain}.API` }),
  });
  const wanted = role === undefined ? roles : [role];
  if (format === 'conf') return permissionsConfig(permissions, wanted);
  const chosen = Object.fromEntries(wanted.map((one) => [one, permissions.roles[one]]));
  return JSON.stringify({ ...permissions, roles: chosen }, null, 2);
}
