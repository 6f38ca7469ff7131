/**
 * What operators ask a coordinator over NATS, and what it answers: JSON, so that `nats request` can ask too.
 *
 * | message | from | to | when |
 * |---|---|---|---|
 * | `status`, `why`, `stop`, `savepoint` | operator | coordinator, on `weir.JOB.control` | whenever somebody wants to |
 * | `working` | coordinator | operator | at once, and each second until the last answer: what takes long is not taken for dead |
 * | `status`, `why`, `stopped`, `saved`, `failed` | coordinator | operator | once: the last answer |
 * | `gone` | coordinator | operator | instead, if it lost its lease: another one leads, or will |
 *
 * Invariants: OP1 what does not decode, or is of another version, is answered with an error and does nothing.
 */
import type { JobStatus, Why } from '../../cluster/index.ts';
import { type ErrorCode, errorCodes, WeirError } from '../../core/index.ts';
import type { Saved, Stopped } from '../operated-job.ts';
import { subjectPrefix } from './subject-prefix.ts';

export type OperatorRequest =
  | { readonly ask: 'status' }
  /** Of one key. */
  | { readonly ask: 'why'; readonly operator?: string; readonly key: string }
  | { readonly ask: 'stop'; readonly savepoint?: string }
  | { readonly ask: 'savepoint'; readonly directory: string };

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}
/** `at`: wall time of the coordinator, ms. */
export type LastAnswer =
  | { readonly kind: 'status'; readonly at: number; readonly status: JobStatus }
  | { readonly kind: 'why'; readonly why: Why }
  | ({ readonly kind: 'stopped' } & Stopped)
  | ({ readonly kind: 'saved' } & Saved)
  | { readonly kind: 'failed'; readonly error: Refusal };
export type OperatorAnswer = LastAnswer | { readonly kind: 'working' } | { readonly kind: 'gone' };

export const operatorVersion = 1;
const requestBytesMax = 16 << 10;
const pathLengthMax = 4096;
const finals = ['status', 'why', 'stopped', 'saved', 'failed', 'working', 'gone'];

export const controlSubject = (job: string): string => `${subjectPrefix(job)}.control`;

export function encodeRequest(request: OperatorRequest): Uint8Array {
  return encode({ version: operatorVersion, ...request });
}

/** @throws WeirError `E_USAGE` (OP1) */
export function decodeRequest(bytes: Uint8Array): OperatorRequest {
  if (bytes.length > requestBytesMax) throw invalid(`it has ${bytes.length} bytes, and may have ${requestBytesMax}`);
  const said = decode(bytes);
  if (said === null) throw invalid('it is no JSON object');
  const { version, ask, savepoint, directory, operator, key } = said;
  if (version !== operatorVersion)
    throw invalid(`it is of version ${JSON.stringify(version)}, and this coordinator knows ${operatorVersion}`);
  if (ask === 'status') return { ask };
  if (ask === 'why') {
    if (typeof key !== 'string' || !(operator === undefined || typeof operator === 'string'))
      throw invalid('`key`, and `operator` if it is there, are texts');
    return operator === undefined ? { ask, key } : { ask, operator, key };
  }
  if (ask === 'stop') return savepoint === undefined ? { ask } : { ask, savepoint: path(savepoint, 'savepoint') };
  if (ask === 'savepoint') return { ask, directory: path(directory, 'directory') };
  throw invalid('`ask` is neither status, why, stop nor savepoint');
}

/** The path of a directory, as somebody gave it in JSON. */
export function path(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= pathLengthMax && !value.includes('\0')) return value;
  throw new WeirError('E_USAGE', `\`${name}\` is the path of a directory, of at most ${pathLengthMax} characters`, {
    hint: 'name one that does not exist yet, on the machine of the coordinator',
  });
}

/** A status that no message can hold goes without its splits, and if need be without its subtasks. */
export function encodeAnswer(answer: OperatorAnswer, bytesMax: number): Uint8Array {
  const whole = encode({ version: operatorVersion, ...answer });
  if (whole.length <= bytesMax || answer.kind !== 'status') return whole;
  const { status } = answer;
  const short = { ...answer, status: { ...status, subtasks: status.subtasks.map((subtask) => ({ ...subtask, splits: [] })) } };
  const shorter = encode({ version: operatorVersion, ...short });
  if (shorter.length <= bytesMax) return shorter;
  return encode({ version: operatorVersion, ...short, status: { ...status, subtasks: [] } });
}

/** Null for what is no answer. */
export function decodeAnswer(bytes: Uint8Array): OperatorAnswer | null {
  const said = decode(bytes);
  const isOurs = said?.['version'] === operatorVersion && finals.includes(said['kind'] as string);
  return isOurs ? (said as unknown as OperatorAnswer) : null;
}

export function refusalOf(thrown: unknown): Refusal {
  const { code, message, hint } = WeirError.from(thrown, 'E_INTERNAL');
  return { code, message, hint };
}

/** As if it had been thrown here. */
export function refused({ code, message, hint }: Refusal): WeirError {
  return new WeirError(Object.hasOwn(errorCodes, code) ? code : 'E_INTERNAL', message, { hint });
}

const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function decode(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const invalid = (why: string): WeirError =>
  new WeirError('E_USAGE', `the coordinator does not understand the request: ${why}`, {
    hint: 'ask with the version of weir that runs the job',
  });
