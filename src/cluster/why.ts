/**
 * Why windows have not closed, and what else an operator holds open: what a job's status says, put together.
 *
 * Owns: the reasoning, which needs nothing but a status: so it is the same in the job's process, over HTTP, and for an operator who asks over
 * NATS. A window closes once the watermark of its operator has reached its end and its lateness; that watermark is the least of the splits
 * that reach it and are active.
 */
import { formatMs, WeirError } from '../core/index.ts';
import type { OpenGroup } from '../operators/index.ts';
import type { OpenKind } from '../plan/index.ts';
import type { KeyAnswer } from './key-questions.ts';
import { type PausedSplit, pausedSplits } from './paused-splits.ts';
import type { JobStatus, WindowsStatus } from './status.ts';
import { timeOf } from './time-text.ts';
import { nothingOpen, openText, openWords } from './why-key-text.ts';

export interface HoldingSplit {
  readonly source: string;
  readonly split: string;
  readonly watermark: number | null;
  /** With a row of this time or later it holds the window back no more, ms; null where a strategy says when. */
  readonly rowAt: number | null;
  /** Or once it has been silent for so long; 0 = it does not count as idle for that. */
  readonly idleAfterMs: number;
}
export interface WhyOpen {
  readonly operator: string;
  readonly kind: OpenKind;
  /** Rows that were late there, since the job was started or restarted last. */
  readonly rowsLate: number;
  readonly watermark: number | null;
  /** End of the earliest window that a watermark closes and is open, ms; with a key, of whatever of it ends so. Null = there is none. */
  readonly nextWindowEnd: number | null;
  /** The watermark that closes it, ms. */
  readonly closesAt: number | null;
  /** Active splits that hold it back, those furthest behind first. */
  readonly heldBackBy: readonly HoldingSplit[];
  /** Nobody waits for them: they have given nothing for a while. */
  readonly idle: readonly { readonly source: string; readonly split: string }[];
  /** Where it was asked for. */
  readonly key?: WhyKey;
  /** In words, a line each. */
  readonly says: readonly string[];
}
export interface WhyKey {
  readonly values: readonly unknown[];
  /** Who has its state. */
  readonly subtask: number;
  readonly worker: string;
  /** Those that end first, first; at most 100. */
  readonly open: readonly (OpenGroup & {
    /** The watermark that closes it, ms; null: none does. */
    readonly closesAt: number | null;
  })[];
}
export interface Why {
  readonly job: string;
  readonly state: JobStatus['state'];
  /** Of the whole life of the job's state. */
  readonly rowsLate: number;
  /** Splits that are not read because they are ahead of others (`align`). */
  readonly paused: readonly PausedSplit[];
  readonly operators: readonly WhyOpen[];
}

/** @throws WeirError `E_USAGE` for an operator that holds nothing of a key open */
export function whyOf(status: JobStatus, operator?: string): Why {
  const wanted = status.windows.filter((each) => operator === undefined || each.operator === operator);
  if (operator !== undefined && wanted.length === 0) throw notAsked(status, operator);
  return {
    job: status.job,
    state: status.state,
    rowsLate: status.totals.rowsLate,
    paused: pausedSplits(status),
    operators: wanted.map((windows) => whyOpen(status, windows)),
  };
}

function notAsked({ job, windows, subtasks }: JobStatus, operator: string): WeirError {
  const isThere = subtasks.some(({ operators }) => operators.includes(operator));
  const why = isThere
    ? `operator '${operator}' of job ${job} holds nothing of a key open: it gives out what comes at once, or with the epoch`
    : `job ${job} has no operator '${operator}'`;
  const others = windows.map((each) => `${each.operator} (${each.kind})`).join(', ');
  return new WeirError('E_USAGE', why, {
    hint: `${others === '' ? 'it has none that does' : `those that do can be asked: there are ${others}`}; weir plan shows all`,
  });
}

function whyOpen(status: JobStatus, windows: WindowsStatus, ofKey = false): WhyOpen {
  const { operator, kind, rowsLate, watermark, nextWindowEnd, latenessMs, sources } = windows;
  const closesAt = nextWindowEnd === null ? null : nextWindowEnd + latenessMs;
  const splits = sources.flatMap(({ source, delayMs, idleAfterMs }) =>
    status.subtasks
      .filter(({ operators }) => operators[0] === source)
      .flatMap((subtask) => subtask.splits.map((split) => ({ ...split, source, delayMs, idleAfterMs }))),
  );
  const behind = (at: number | null): number => at ?? -Infinity;
  const heldBackBy = splits
    .filter(({ state, watermark: at }) => state === 'active' && closesAt !== null && behind(at) < closesAt)
    .toSorted((a, b) => behind(a.watermark) - behind(b.watermark))
    .map(({ source, split, watermark: at, delayMs, idleAfterMs }) => ({
      source,
      split,
      watermark: at,
      rowAt: closesAt === null || delayMs === null ? null : closesAt + delayMs,
      idleAfterMs,
    }));
  const idle = splits.filter(({ state }) => state === 'idle').map(({ source, split }) => ({ source, split }));
  const open = { operator, kind, rowsLate, watermark, nextWindowEnd, closesAt, heldBackBy, idle };
  return { ...open, says: inWords(open, { splits: splits.length, latenessMs, ofKey }) };
}

/**
 * The operator that a key is asked of where none is named: the only one, or the only one whose windows a watermark closes.
 *
 * @throws WeirError `E_USAGE` if it is none of these
 */
export function askedOf({ job, operators }: Pick<Why, 'job' | 'operators'>): string {
  const withWindows = operators.filter(({ kind }) => kind === 'windows');
  const [only, ...others] = withWindows.length > 0 ? withWindows : operators;
  if (only !== undefined && others.length === 0) return only.operator;
  const many = only === undefined ? 'none that holds anything of a key open' : 'several';
  throw new WeirError('E_USAGE', `a key is one of an operator, and job ${job} has ${many}`, {
    hint:
      only === undefined
        ? 'weir plan shows all'
        : `name it with --operator: ${operators.map(({ operator }) => operator).join(', ')}`,
  });
}

/** The same of one key. */
export function whyOfKey(status: JobStatus, operator: string, { values, subtask, worker, seen }: KeyAnswer): Why {
  const windows = status.windows.find((each) => each.operator === operator)!;
  const open = seen.open
    .map((each) => ({ ...each, closesAt: byWatermark(each) ? each.end! + windows.latenessMs : null }))
    .toSorted((a, b) => (a.closesAt ?? Infinity) - (b.closesAt ?? Infinity) || (a.end ?? Infinity) - (b.end ?? Infinity) || 0);
  const watermark = Number.isFinite(seen.watermark) ? seen.watermark : null;
  const nextWindowEnd = open.find(({ closesAt }) => closesAt !== null)?.end ?? null;
  const why = whyOpen(status, { ...windows, watermark, nextWindowEnd }, true);
  const key = { values, subtask, worker, open };
  const name = values.map((value) => JSON.stringify(value)).join(', ') || 'no columns';
  const where = `the key ${name} is with subtask ${subtask}, on ${worker}`;
  const says =
    open.length === 0
      ? [`${where}: nothing of it is open`, ...why.says.slice(0, 1), nothingOpen[windows.kind]]
      : [where, ...open.slice(0, namedMax).map(openText), ...moreOpen(open.length), ...why.says];
  return {
    job: status.job,
    state: status.state,
    rowsLate: status.totals.rowsLate,
    paused: pausedSplits(status),
    operators: [{ ...why, key, says }],
  };
}

const byWatermark = ({ end, byClock }: OpenGroup): boolean => end !== null && byClock !== true;

const moreOpen = (open: number): readonly string[] => (open <= namedMax ? [] : [`and ${open - namedMax} more`]);

/** Splits that are named; there may be thousands. */
const namedMax = 5;

interface Asked {
  readonly splits: number;
  readonly latenessMs: number;
  /** It is about one key. */
  readonly ofKey: boolean;
}

function inWords(open: Omit<WhyOpen, 'says'>, { splits, latenessMs, ofKey }: Asked): readonly string[] {
  const { kind, watermark, nextWindowEnd, closesAt, heldBackBy, idle } = open;
  const { first, none } = openWords[kind];
  const at = `the watermark is ${watermark === null ? 'not there yet' : `at ${timeOf(watermark)}`}`;
  if (nextWindowEnd === null || closesAt === null) {
    if (kind === 'windows') return [`${at}; ${none}`];
    // Time may play no part there.
    const isTimed = kind !== 'count windows' && watermark !== null;
    return [...(isTimed ? [at] : []), ...(ofKey ? [] : [none])];
  }
  const late = latenessMs === 0 ? '' : `, and takes late rows until the watermark is at ${timeOf(closesAt)}`;
  const missing = watermark === null ? '' : `; ${formatMs(Math.max(0, closesAt - watermark))} are missing`;
  return [
    `${at}; ${first} at ${timeOf(nextWindowEnd)}${late}${missing}`,
    ...heldBackBy.slice(0, namedMax).map(holding),
    ...(heldBackBy.length > namedMax ? [`and by ${heldBackBy.length - namedMax} more splits`] : []),
    ...(idle.length === 0 ? [] : [`idle, and not waited for: ${namesOf(idle)}`]),
    ...(heldBackBy.length > 0 ? [] : [nothingHolds(splits, idle.length)]),
  ];
}

function holding({ source, split, watermark, rowAt, idleAfterMs }: HoldingSplit): string {
  const stands = watermark === null ? 'has given no row yet' : `is at ${timeOf(watermark)}`;
  const idle = idleAfterMs === 0 ? '' : `, after ${formatMs(idleAfterMs)} of silence,`;
  return `held back by split ${split} of ${source}, which ${stands}: until ${rowAt === null ? 'its watermark gets there' : `it gives a row of ${timeOf(rowAt)} or later`}${idle} or it ends`;
}

function nothingHolds(splits: number, idle: number): string {
  if (splits === 0) return 'nothing is known of the splits that it waits for: ask again';
  if (idle > 0) return 'every split is idle or has ended: the watermark stays until one gives something, or all have ended';
  return 'no split holds it back: its rows are on their way';
}

function namesOf(splits: WhyOpen['idle']): string {
  const names = splits.slice(0, namedMax).map(({ source, split }) => `${split} of ${source}`);
  return `${names.join(', ')}${splits.length > namedMax ? ` and ${splits.length - namedMax} more` : ''}`;
}
