/** What an operator holds open, in words. */
import type { OpenGroup } from '../operators/index.ts';
import type { OpenKind } from '../plan/index.ts';
import { timeOf } from './time-text.ts';

interface OpenWords {
  /** What the watermark ends first. */
  readonly first: string;
  /** Said of all keys, where no time says when the first of them closes. */
  readonly none: string;
}
const ask = 'ask for a key';

export const openWords: Readonly<Record<OpenKind, OpenWords>> = {
  windows: { first: 'the earliest open window ends', none: 'no window is open' },
  'count windows': { first: '', none: `a window closes with its last row: ${ask} to see how many it has` },
  'global windows': { first: 'its first timer is due', none: `a window closes as its trigger says: ${ask} to see what it holds` },
  join: { first: 'the first of its rows have had all that can come for them', none: `${ask} to see which rows of it are kept` },
  duplicates: { first: 'it is forgotten', none: `${ask} to see until when it is remembered` },
  timers: { first: 'its first timer is due', none: `${ask} to see its timers` },
};

export const nothingOpen: Readonly<Record<OpenKind, string>> = {
  windows:
    'no row of it has come for a window that has not closed: it is unknown, its windows have closed, or its rows were late or are on their way',
  'count windows': 'no window of it has some of its rows: it is unknown, its windows are full, or its rows are on their way',
  'global windows': 'its window holds nothing: it is unknown, its trigger has emptied it, or its rows are on their way',
  join: 'no row of it is kept: none has come, they have had all that could come for them, or they were late or are on their way',
  duplicates:
    'it is not remembered: it is unknown, or forgotten, or its rows were late or are on their way; the next one counts as its first',
  timers: 'no timer of it is set',
};

export function openText({ what, start, end, byClock, rows, ofRows, waitsFor, soFar }: OpenGroup): string {
  const ends = end === null ? null : `${timeOf(end)}${byClock === true ? ' by the clock' : ''}`;
  const count = ofRows === undefined ? rows : `${rows} of ${ofRows}`;
  // What is counted and never full are rows that are kept as they are.
  const shown = rows !== undefined && ofRows === undefined ? ':' : '; so far';
  return [
    what,
    start === null ? '' : ` from ${timeOf(start)}${ends === null ? ' on' : ''}`,
    ends === null ? '' : ` ${start === null ? 'until' : 'to'} ${ends}`,
    count === undefined ? '' : `, ${count} ${count === 1 ? 'row' : 'rows'}`,
    soFar.length === 0 ? '' : `${shown} ${soFar.map((row) => JSON.stringify(row)).join(', ')}`,
    waitsFor === undefined ? '' : `; waits for ${waitsFor}`,
  ].join('');
}
