/**
 * What a stream must be so that it can be written exactly once.
 *
 * Owns: the rules, and which subject fences go to. Pure.
 */
import type { StreamConfig } from '@nats-io/jetstream';
import { overlap, WeirError } from '../../core/index.ts';

export interface StreamDemands {
  readonly acceptRisk: boolean;
  /** Others write to it too. */
  readonly shared: boolean;
  /** Exactly-once: the stream is the proof of what was written. */
  readonly proves: boolean;
}

/** @throws WeirError `E_SINK` naming the setting that does not do */
export function checkStreamConfig(config: StreamConfig, demands: StreamDemands): void {
  const { name } = config;
  if (config.mirror !== undefined && config.mirror !== null)
    throw refused(name, `it mirrors stream ${config.mirror.name}`, 'nobody else can write to it', 'take another stream');
  if (config.sealed) throw refused(name, 'it is sealed', 'nobody can write to it', 'take another stream');
  if (config.no_ack)
    throw refused(name, 'it has no_ack', 'it does not say what it has stored', 'remove no_ack from its configuration');
  if (!demands.proves) return;
  if (!demands.shared && (config.sources ?? []).length > 0)
    throw refused(name, 'it has sources', 'their messages come between ours', 'take another stream, or set `shared: true`');
  const limit = demands.acceptRisk ? undefined : limitOf(config);
  if (limit !== undefined) throw refused(name, `it has ${limit.setting}`, limit.why, limit.instead);
}

interface Limit {
  readonly setting: string;
  readonly why: string;
  readonly instead: string;
}

const acceptance = 'or set `acceptRisk: true`, if that is what you want';

function limitOf(config: StreamConfig): Limit | undefined {
  const { retention, max_age: age, max_msgs: messages, max_bytes: bytes, discard } = config;
  if (retention !== 'limits')
    return {
      setting: `retention: ${retention}`,
      why: 'it removes messages that were acknowledged, and the last message is the proof of what was written',
      instead: 'set retention: limits',
    };
  if (age > 0)
    return {
      setting: `max_age: ${age / 1e9} s`,
      why: 'it removes messages by their age, and the last message is the proof of what was written',
      instead: `set max_age: 0, ${acceptance}`,
    };
  if (discard === 'new') return undefined;
  const [setting, limit] = messages > 0 ? ['max_msgs', messages] : ['max_bytes', bytes];
  if (limit <= 0) return undefined;
  return {
    setting: `${setting}: ${limit} with discard: old`,
    why: 'it removes results when there are too many, read or not, and what is removed can no longer prove what was written',
    instead: `set discard: new (then writing waits for room), or ${setting}: -1, ${acceptance}`,
  };
}

function refused(name: string, what: string, why: string, instead: string): WeirError {
  return new WeirError('E_SINK', `stream ${name} cannot be written exactly once: ${what}: ${why}`, {
    retry: 'never',
    hint: instead,
  });
}

/**
 * Where fences go: a subject of the stream that nothing else goes to.
 *
 * @param asked what the user wants it to be
 * @throws WeirError `E_SINK` naming the subject that the stream lacks
 */
export function fenceSubject({ name, subjects }: StreamConfig, asked: string | undefined): string {
  if (asked !== undefined) {
    if (takes(subjects, asked)) return asked;
    throw lacking(name, subjects, asked);
  }
  const plain = plainFence(name);
  if (subjects.includes(plain)) return plain;
  const wild = subjects.find((subject) => subject.endsWith('>')) ?? subjects.find((subject) => subject.includes('*'));
  if (wild === undefined) throw lacking(name, subjects, plain);
  // Behind a `>` with a token more, so that a consumer of `results.*` does not see it.
  const tokens = wild.split('.').map((token) => (token === '>' ? 'weir.fence' : token === '*' ? 'weir-fence' : token));
  return tokens.join('.');
}

/** What a stream without wildcards is given. */
export const plainFence = (stream: string): string => `${stream}.weir-fence`;

function lacking(name: string, subjects: readonly string[], subject: string): WeirError {
  const all = [...subjects, subject].join(',');
  return new WeirError(
    'E_SINK',
    `stream ${name} has no subject for fences, by which a writer makes it its own: '${subject}' is none of ${subjects.join(', ')}`,
    {
      retry: 'never',
      hint: `add it: nats stream edit ${name} --subjects '${all}'; or name one of the stream's subjects as \`fence\``,
    },
  );
}

export const takes = (subjects: readonly string[], subject: string): boolean =>
  subjects.some((filter) => overlap(filter, subject));
