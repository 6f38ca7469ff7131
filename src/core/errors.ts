/**
 * Every error that Weir reports, as a value with an address.
 *
 * Owns: the registry of codes (one line each: whose fault, whether to retry, what to do) and `WeirError`.
 * `docs/errors.md` lists the same codes; a test holds the two equal, and another finds the test that provokes each.
 * Invariants: E1 a code is in the registry; E2 the exit code of a process follows from the code alone.
 */
export type ErrorDomain = 'user' | 'external' | 'internal';
/** `never`: the same again would fail again. `backoff`: later it may work. `restore`: from the last checkpoint it will. */
export type Retry = 'never' | 'backoff' | 'restore';

export type ErrorCode =
  | 'E_USAGE'
  | 'E_MODULE'
  | 'E_PLAN'
  | 'E_SCHEMA'
  | 'E_VALUE'
  | 'E_CLOSURE'
  | 'E_RECORD'
  | 'E_SOURCE'
  | 'E_SOURCE_CHANGED'
  | 'E_LOOKUP'
  | 'E_CALL'
  | 'E_SINK'
  | 'E_SINK_CHANGED'
  | 'E_STATE_DAMAGED'
  | 'E_STATE_INCOMPATIBLE'
  | 'E_STORE'
  | 'E_RUNNING'
  | 'E_BROKER'
  | 'E_CHANNEL'
  | 'E_STUCK'
  | 'E_RESTARTS'
  | 'E_NOT_SIMULATED'
  | 'E_SIMULATION'
  | 'E_INTERNAL';

export interface CodeEntry {
  readonly domain: ErrorDomain;
  readonly retry: Retry;
  /** The exit code of a process that ends for this reason. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** What to do about it, unless the thrower knows better. */
  readonly hint: string;
}

export const errorCodes: Readonly<Record<ErrorCode, CodeEntry>> = {
  E_USAGE: { domain: 'user', retry: 'never', exit: 2, hint: 'see `weir run --help`, or `-- --help` for the parameters of a job' },
  E_MODULE: {
    domain: 'user',
    retry: 'never',
    exit: 2,
    hint: 'the module must export a pipeline, or a function from params to one, as its default',
  },
  E_PLAN: { domain: 'user', retry: 'never', exit: 2, hint: 'change the pipeline as the message says' },
  E_SCHEMA: { domain: 'user', retry: 'never', exit: 2, hint: 'make the schema and the values agree' },
  E_VALUE: { domain: 'user', retry: 'restore', exit: 1, hint: 'the value is outside of what this column or key can hold' },
  E_CLOSURE: {
    domain: 'user',
    retry: 'restore',
    exit: 1,
    hint: 'the function threw: mend it, or give the pipeline a `deadLetters` sink to set such rows aside',
  },
  E_RECORD: {
    domain: 'user',
    retry: 'never',
    exit: 1,
    hint: 'a record does not fit its format: mend the input, or give the pipeline a `deadLetters` sink to set such records aside',
  },
  E_SOURCE: {
    domain: 'external',
    retry: 'backoff',
    exit: 1,
    hint: 'the source could not be read; the job goes on from its last checkpoint once it can',
  },
  E_SOURCE_CHANGED: {
    domain: 'external',
    retry: 'never',
    exit: 4,
    hint: 'the input is not the one that the checkpoint was taken of: put it back, or start anew with --fresh',
  },
  E_LOOKUP: {
    domain: 'external',
    retry: 'backoff',
    exit: 1,
    hint: 'what the lookup asks gave no answer: the job goes on from its last checkpoint; a `deadLetters` sink would set such rows aside',
  },
  E_CALL: {
    domain: 'external',
    retry: 'backoff',
    exit: 1,
    hint: 'a call of mapAsync() gave no answer: the job goes on from its last checkpoint; a `deadLetters` sink would set such rows aside',
  },
  E_SINK: {
    domain: 'external',
    retry: 'backoff',
    exit: 1,
    hint: 'the sink could not be written; staged results are kept in the checkpoint and written once it can',
  },
  E_SINK_CHANGED: {
    domain: 'external',
    retry: 'never',
    exit: 4,
    hint: 'the output was changed by someone else since it was committed: put it back, or start anew with --fresh',
  },
  E_STATE_DAMAGED: {
    domain: 'external',
    retry: 'never',
    exit: 4,
    hint: 'restore the state directory from a backup, or start anew with --fresh: an older checkpoint is never taken silently',
  },
  E_STATE_INCOMPATIBLE: {
    domain: 'user',
    retry: 'never',
    exit: 4,
    hint: 'undo the change to keep the state, or start anew with --fresh',
  },
  E_STORE: {
    domain: 'external',
    retry: 'backoff',
    exit: 1,
    hint: 'the state directory could not be read or written: look at its disk and its permissions',
  },
  E_RUNNING: {
    domain: 'user',
    retry: 'never',
    exit: 5,
    hint: 'stop the other process first, or give this one another --state-dir or --job',
  },
  E_BROKER: { domain: 'external', retry: 'backoff', exit: 3, hint: 'start the broker, or run with --transport memory' },
  E_CHANNEL: {
    domain: 'internal',
    retry: 'restore',
    exit: 1,
    hint: 'frames were lost or damaged between two subtasks; the job restores its last checkpoint',
  },
  E_STUCK: {
    domain: 'internal',
    retry: 'restore',
    exit: 1,
    hint: 'a subtask made no progress: look for a closure that does not return',
  },
  E_RESTARTS: {
    domain: 'user',
    retry: 'never',
    exit: 1,
    hint: 'the job failed more often than its restart policy allows: see the cause',
  },
  E_NOT_SIMULATED: {
    domain: 'user',
    retry: 'never',
    exit: 1,
    hint: 'a simulated life knows only its own world: hand what the job needs of the outside to it through `world`',
  },
  E_SIMULATION: {
    domain: 'user',
    retry: 'never',
    exit: 1,
    hint: 'live this life again with the command above: the same seed gives the same life',
  },
  E_INTERNAL: {
    domain: 'internal',
    retry: 'restore',
    exit: 1,
    hint: 'this is a defect of Weir: please report it with the message and the log',
  },
};

export interface WeirErrorOptions {
  readonly cause?: unknown;
  /** Instead of the registry's hint. */
  readonly hint?: string;
  /** Instead of the registry's. */
  readonly retry?: Retry;
}

/** An error with a code, a hint what to do, whose fault it is, and whether trying again can help. */
export class WeirError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly domain: ErrorDomain;
  readonly retry: Retry;

  constructor(code: ErrorCode, message: string, options: WeirErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeirError';
    const entry = errorCodes[code];
    this.code = code;
    this.domain = entry.domain;
    this.hint = options.hint ?? entry.hint;
    this.retry = options.retry ?? entry.retry;
  }

  /** The code with which a process ends that fails for this reason. */
  get exitCode(): number {
    return errorCodes[this.code].exit;
  }

  /** Whatever was thrown, as a WeirError; one that already is stays itself. */
  static from(thrown: unknown, code: ErrorCode, message?: string): WeirError {
    if (thrown instanceof WeirError) return thrown;
    const said = thrown instanceof Error ? thrown.message : textOf(thrown);
    return new WeirError(code, message === undefined ? said : `${message}: ${said}`, { cause: thrown });
  }
}

/** Of anything that was thrown: not all values have a text. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `${typeof thrown} without a text`;
  }
}
