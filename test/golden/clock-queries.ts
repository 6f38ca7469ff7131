/** Queries by key that look at the clock, each with what must come out of it whatever the clock says. */
import { now, schema, state, t } from '../../src/api/index.ts';
import { type Query, same, samePerKey, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import type { Stamped } from './plain.ts';

const Lasted = schema({ k: t.string.nullable(), nth: t.number, places: t.number, listed: t.number, age: t.number.nullable() });
const Rung = schema({ k: t.string.nullable(), nth: t.number, what: t.string });

interface Numbered {
  readonly k: string | null;
  readonly nth: number;
}
function numbered(rows: readonly Stamped[]): Numbered[] {
  const seen = new Map<string | null, number>();
  return rows.map(({ row: { k } }) => {
    seen.set(k, (seen.get(k) ?? 0) + 1);
    return { k, nth: seen.get(k)! };
  });
}

const shortMs = 100;

/** What lasts longer than any life is all there; what lasts for a moment is never seen after it. */
const lasting: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const long = { ttl: '3650 days' } as const;
  const lasted = stream.keyBy('k').process({
    state: {
      count: state.value(t.number, long),
      places: state.map(t.number, t.number, long),
      list: state.list(t.number, long),
      moment: state.value(t.struct({ writtenAt: t.timestamp }), { ttl: `${shortMs} ms` }),
    },
    emits: Lasted,
    onRow(_row, { key, now, state: { count, places, list, moment }, emit }) {
      const nth = (count.get() ?? 0) + 1;
      count.set(nth);
      places.set(nth % 5, nth);
      list.push(nth);
      const before = moment.get();
      if (before === undefined || nth % 3 === 0) moment.set({ writtenAt: now });
      const age = before === undefined ? null : now - before.writtenAt;
      emit({ k: key, nth, places: places.size, listed: list.length, age });
    },
  });
  const report = await experiment.run([output(lasted, world.sink('append'))]);
  const found = world.rows<Numbered & { places: number; listed: number; age: number | null }>('append');
  const kept = found.map(({ age: _age, ...row }) => row);
  const wanted = numbered(rows).map(({ k, nth }) => ({ k, nth, places: Math.min(nth, 5), listed: nth }));
  return {
    life: report,
    late: 0,
    findings: [
      samePerKey('what lasts', kept, wanted),
      sameSequence(
        'what should be forgotten',
        found.filter(({ age }) => age !== null && age >= shortMs),
        [],
      ),
    ],
  };
};

/** Of a timer that sets another. */
const again = 1_000_000;
/** No row is as late. */
const theEnd = 8e15;

/**
 * Each row sets a timer that is due at once, and each of these another; those for a day that does not come never fire. At the end of the
 * input none is overdue, of those either that were set for some moments later, and wait in many a checkpoint.
 */
const alarms: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const rung = stream.keyBy('k').process({
    state: { count: state.value(t.number) },
    emits: Rung,
    onRow(_row, ctx) {
      const nth = (ctx.state.count.get() ?? 0) + 1;
      ctx.state.count.set(nth);
      ctx.setProcessingTimer(nth);
      ctx.setProcessingTimer(ctx.now + 1e12);
      ctx.setProcessingTimer(ctx.now + 30);
      ctx.setTimer(theEnd);
      ctx.emit({ k: ctx.key, nth, what: 'row' });
    },
    onTimer(_at, ctx) {
      const overdue = ctx.processingTimers().filter((at) => at <= ctx.now).length;
      ctx.emit({ k: ctx.key, nth: overdue, what: 'overdue' });
    },
    onProcessingTimer(at, ctx) {
      if (at > 2 * again) return;
      if (at < again) ctx.setProcessingTimer(at + again);
      ctx.emit({ k: ctx.key, nth: at % again, what: at < again ? 'timer' : 'again' });
    },
  });
  const report = await experiment.run([output(rung, world.sink('append'))]);
  const wanted = numbered(rows).flatMap((row) => ['row', 'timer', 'again'].map((what) => ({ ...row, what })));
  const keys = new Set(rows.map(({ row: { k } }) => k));
  const ends = [...keys].map((k) => ({ k, nth: 0, what: 'overdue' }));
  return { life: report, late: 0, findings: [same('rows and timers', world.rows('append'), [...wanted, ...ends])] };
};

const Timed = schema({ k: t.string.nullable(), nth: t.number });

/** The time of the epoch only rises, whatever is restored, and is the same in two places of one stage. */
const epochTimes: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const timed = stream
    .where((c) => c.at.lt(now()))
    .keyBy('k')
    .process({
      state: { count: state.value(t.number) },
      emits: Timed,
      onRow(_row, { key, state: { count }, emit }) {
        const nth = (count.get() ?? 0) + 1;
        count.set(nth);
        emit({ k: key, nth });
      },
    })
    .select((c) => ({ k: c.k, nth: c.nth, first: now() }))
    .filter(({ nth }) => nth > 0)
    .select((c) => ({ k: c.k, nth: c.nth, first: c.first, second: now() }));
  const report = await experiment.run([output(timed, world.sink('append'))]);
  const found = world.rows<Numbered & { first: number; second: number }>('append');
  const before = new Map<string | null, number>();
  const wrong = found.filter(({ k, first, second }) => {
    const last = before.get(k) ?? 0;
    before.set(k, first);
    return first < last || first !== second;
  });
  return {
    life: report,
    late: 0,
    findings: [
      samePerKey(
        'rows',
        found.map(({ k, nth }) => ({ k, nth })),
        numbered(rows),
      ),
      sameSequence('times that go back, or differ', wrong, []),
    ],
  };
};

export const byTheClock = { lasting, alarms, epochTimes } as const;
