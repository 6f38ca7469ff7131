/** State that is forgotten in event time, seen by rows and by timers, and plainly: one split, in order. */
import { schema, state, t, timestamp } from '../../src/api/index.ts';
import { type Query, samePerKey } from './experiment.ts';
import { output } from './life.ts';
import type { Stamped } from './plain.ts';

const ttl = 20;
const fade = { ttl: `${ttl} ms`, time: 'event' } as const;
/** A row sets a timer this long after its time, if the watermark has not passed that. */
const after = 12;
const Faded = schema({ k: t.string.nullable(), what: t.string, nth: t.number, places: t.number, listed: t.number });
type Found = {
  readonly k: string | null;
  readonly what: string;
  readonly nth: number;
  readonly places: number;
  readonly listed: number;
};

export const fading: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const faded = stream.keyBy('k').process({
    state: { nth: state.value(t.number, fade), places: state.map(t.number, t.number, fade), listed: state.list(t.number, fade) },
    emits: Faded,
    onRow({ at }, ctx) {
      const { nth, places, listed } = ctx.state;
      const next = (nth.get() ?? 0) + 1;
      nth.set(next);
      places.set(next % 4, next);
      listed.push(next);
      if (at + after > ctx.watermark) ctx.setTimer(timestamp(at + after));
      ctx.emit({ k: ctx.key, what: 'row', nth: next, places: places.size, listed: listed.length });
    },
    onTimer(_at, ctx) {
      const { nth, places, listed } = ctx.state;
      ctx.emit({ k: ctx.key, what: 'timer', nth: nth.get() ?? 0, places: places.size, listed: listed.length });
    },
  });
  const report = await experiment.run([output(faded, world.sink('append'))]);
  return { life: report, late: 0, findings: [samePerKey('rows and timers', world.rows('append'), plainly(rows))] };
};

interface Kept {
  readonly value: number;
  readonly writtenAt: number;
}
interface KeyState {
  nth: Kept | undefined;
  readonly places: Map<number, Kept>;
  listed: Kept[];
  readonly due: Set<number>;
}

function plainly(rows: readonly Stamped[]): Found[] {
  const keys = new Map<string | null, KeyState>();
  const out: Found[] = [];
  const find = (k: string | null, what: string, now: number): void => {
    const key = keys.get(k)!;
    const lives = ({ writtenAt }: Kept): boolean => !(now - writtenAt >= ttl);
    const nth = key.nth !== undefined && lives(key.nth) ? key.nth.value : 0;
    const places = [...key.places.values()].filter(lives).length;
    out.push({ k, what, nth, places, listed: key.listed.filter(lives).length });
  };
  const fire = (k: string | null, until: number): void => {
    const { due } = keys.get(k)!;
    for (const at of [...due].filter((time) => time <= until).toSorted((a, b) => a - b)) {
      due.delete(at);
      find(k, 'timer', at);
    }
  };
  for (const { row, stamp } of rows) {
    const key = keys.get(row.k) ?? { nth: undefined, places: new Map<number, Kept>(), listed: [], due: new Set<number>() };
    keys.set(row.k, key);
    fire(row.k, stamp);
    const moment = Math.max(row.at, stamp);
    const isOver = key.nth === undefined || stamp - key.nth.writtenAt >= ttl;
    const next = (isOver ? 0 : key.nth!.value) + 1;
    const kept = (before: Kept | undefined): Kept => ({ value: next, writtenAt: Math.max(moment, before?.writtenAt ?? moment) });
    key.nth = kept(key.nth);
    key.places.set(next % 4, kept(key.places.get(next % 4)));
    key.listed.push({ value: next, writtenAt: moment });
    if (row.at + after > stamp) key.due.add(row.at + after);
    find(row.k, 'row', stamp);
  }
  for (const k of keys.keys()) fire(k, Number.POSITIVE_INFINITY);
  return out;
}
