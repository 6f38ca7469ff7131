/**
 * What the users of a job's processes must be allowed on a NATS server, and nothing else.
 *
 * Owns: the list of each role, made from the plan. Does not own: the subjects of the stores (state), nor what a source or sink does
 * (its `access`).
 * Invariants: NP1 a worker may neither create a consumer, nor change or empty a stream, nor write pointer, lease or manifest, nor speak
 * as the coordinator; NP2 each role has its replies to itself. Both end where a request's reply goes: servers do not ask whether who makes
 * a request may publish where the answer is to go.
 */
import { subjects } from '../../cluster/index.ts';
import { WeirError } from '../../core/index.ts';
import type { BrokerAccess, SinkDefinition, SourceDefinition } from '../../operators/index.ts';
import type { LogicalNode, PhysicalPlan } from '../../plan/index.ts';
import { coordinatorStorePermissions, type StorePermissions, workerStorePermissions } from '../../state/index.ts';
import { announcementSubject } from '../remote/known-jobs.ts';
import { subjectPrefix } from '../remote/subject-prefix.ts';

export const roles = ['coordinator', 'worker', 'operator'] as const;
export type Role = (typeof roles)[number];

export interface RolePermissions {
  /** For `--inbox-prefix`: replies come below it. */
  readonly inboxPrefix: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}
export interface JobPermissions {
  readonly job: string;
  readonly roles: Readonly<Record<Role, RolePermissions>>;
  /** What somebody who gives them should know. */
  readonly notes: readonly string[];
}
export interface PermissionOptions {
  /** What sinks publish on whose subjects the plan does not tell. */
  readonly publish?: readonly string[];
  /** `$JS.API`, or that of a domain. */
  readonly apiPrefix?: string;
}

/** @throws WeirError `E_PLAN` for a sink that publishes nobody knows where */
export function permissionsOf(
  plan: PhysicalPlan,
  { publish = [], apiPrefix = '$JS.API' }: PermissionOptions = {},
): JobPermissions {
  const job = plan.job.name;
  const accesses = accessesOf(plan);
  const here = accesses.filter(({ servers }) => servers === undefined);
  const unknown = here.find(isUnknown);
  if (unknown !== undefined && publish.length === 0)
    throw new WeirError('E_PLAN', `what ${nameOf(unknown)} publishes on is not in the plan: its subjects are chosen by the row`, {
      hint: "say it, the subject of fences too: --publish 'averages.>'",
    });
  const api = (stores: StorePermissions): string[] => stores.api.map((verb) => `${apiPrefix}.${verb}`);
  const coordinatorStores = coordinatorStorePermissions(job);
  const workerStores = workerStorePermissions(job, journalOf(plan));
  const requests = (of: (access: BrokerAccess) => readonly string[]): string[] =>
    here.flatMap(of).map((verb) => `${apiPrefix}.${verb}`);
  const { coordinator, worker } = talk(job);
  const control = `${subjectPrefix(job)}.control`;
  return {
    job,
    roles: {
      coordinator: role(job, 'coordinator', {
        publish: [
          ...[...coordinator.publish, `${inboxOf(job, 'worker')}.>`, `${inboxOf(job, 'operator')}.>`],
          ...[`${apiPrefix}.INFO`, '$SYS.REQ.USER.INFO', ...api(coordinatorStores), ...coordinatorStores.publish],
          ...requests(coordinatorRequests),
        ],
        subscribe: [...coordinator.subscribe, control],
      }),
      worker: role(job, 'worker', {
        publish: [
          ...[...worker.publish, ...api(workerStores), ...workerStores.publish],
          ...[...requests(workerRequests), ...here.flatMap(published), ...publish],
        ],
        subscribe: [announcementSubject, ...worker.subscribe, ...here.flatMap(heard)],
      }),
      operator: role(job, 'operator', { publish: [control], subscribe: [announcementSubject] }),
    },
    notes: notesOf(accesses),
  };
}

/** What a process of a role says to others and hears of them: forbidden, it would wait for ever. Nobody minds an empty message on it. */
export function controlSubjects(job: string, of: 'coordinator' | 'worker'): Pick<RolePermissions, 'publish' | 'subscribe'> {
  return talk(job)[of];
}

function talk(job: string): Record<'coordinator' | 'worker', Pick<RolePermissions, 'publish' | 'subscribe'>> {
  const { hello, alive, facts, assist, beat, coordinator, worker } = subjects(subjectPrefix(job));
  const told = [hello, alive, facts, assist, coordinator('*')];
  const data = `${subjectPrefix(job)}.d.>`;
  return {
    coordinator: { publish: [announcementSubject, beat, worker('*')], subscribe: told },
    worker: { publish: [...told, data], subscribe: [beat, worker('*'), data] },
  };
}

const inboxOf = (job: string, role: Role): string => `weir-inbox.${job}.${role}`;

function role(job: string, of: Role, { publish, subscribe }: Omit<RolePermissions, 'inboxPrefix'>): RolePermissions {
  const inboxPrefix = inboxOf(job, of);
  return { inboxPrefix, publish: [...new Set(publish)], subscribe: [...new Set([`${inboxPrefix}.>`, ...subscribe])] };
}

// ── what the plan says

function sourcesOf(plan: PhysicalPlan): SourceDefinition[] {
  return nodesOf(plan).flatMap((node) => (node.kind === 'source' ? [node.source as SourceDefinition] : []));
}

function sinksOf(plan: PhysicalPlan): SinkDefinition[] {
  return nodesOf(plan).flatMap((node) => (node.kind === 'sink' ? [node.sink as SinkDefinition] : []));
}

const nodesOf = ({ stages }: PhysicalPlan): LogicalNode[] => stages.flatMap(({ operators }) => operators.map(({ node }) => node));

const accessesOf = (plan: PhysicalPlan): BrokerAccess[] =>
  [...sourcesOf(plan), ...sinksOf(plan)].flatMap(({ access }) => (access === undefined ? [] : [access]));

/** A source that says nothing of a broker may keep its records in the journal. */
function journalOf(plan: PhysicalPlan): { readonly releases: boolean } | null {
  const sources = sourcesOf(plan).filter(({ access }) => access === undefined);
  return sources.length === 0 ? null : { releases: sources.some(({ release }) => release !== undefined) };
}

function coordinatorRequests(access: BrokerAccess): string[] {
  if (access.kind !== 'read-stream') return [];
  const { stream } = access;
  return [`STREAM.INFO.${stream}`, `CONSUMER.CREATE.${stream}.>`, `CONSUMER.DELETE.${stream}.*`];
}

function workerRequests(access: BrokerAccess): string[] {
  switch (access.kind) {
    case 'read-stream':
      return [...looks(access.stream), `CONSUMER.MSG.NEXT.${access.stream}.*`];
    case 'write-stream':
      return [...looks(access.stream), ...(access.shared ? scans(access.stream) : [])];
    case 'write-bucket':
      return looks(`KV_${access.bucket}`);
    default:
      return [];
  }
}

const looks = (stream: string): string[] => [`STREAM.INFO.${stream}`, `STREAM.MSG.GET.${stream}`];
const scans = (stream: string): string[] => [
  ...[`CONSUMER.CREATE.${stream}.>`, `CONSUMER.INFO.${stream}.*`, `CONSUMER.DELETE.${stream}.*`],
  `CONSUMER.MSG.NEXT.${stream}.*`,
];

function published(access: BrokerAccess): readonly string[] {
  switch (access.kind) {
    case 'write-stream':
      return access.subjects ?? [];
    case 'write-bucket':
      return [`$KV.${access.bucket}.>`];
    case 'publish':
      return access.subject === null ? [] : [access.subject];
    default:
      return [];
  }
}

const heard = (access: BrokerAccess): string[] => (access.kind === 'subscribe' ? [access.subject] : []);

const isUnknown = (access: BrokerAccess): boolean =>
  (access.kind === 'write-stream' && access.subjects === null) || (access.kind === 'publish' && access.subject === null);

function nameOf(access: BrokerAccess): string {
  switch (access.kind) {
    case 'read-stream':
    case 'write-stream':
      return `stream ${access.stream}`;
    case 'write-bucket':
      return `bucket ${access.bucket}`;
    default:
      return access.subject === null ? 'nats.sink()' : `subject ${access.subject}`;
  }
}

function notesOf(accesses: readonly BrokerAccess[]): string[] {
  return accesses.flatMap((access) => {
    const name = nameOf(access);
    if (access.servers !== undefined)
      return [`${name} is at ${access.servers.map(withoutUser).join(', ')}: nothing here is for it`];
    if (access.kind === 'write-stream' && access.shared)
      return [`${name} is shared: its writer makes consumers of it, and so could send what is in it to any subject`];
    if (access.kind === 'write-stream' || access.kind === 'write-bucket')
      return [`${name} must be there: nobody here may make it`];
    return [];
  });
}

/** What stands before an @ is a password. */
const withoutUser = (url: string): string => url.replace(/[^/]*@/, '');
