import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Chain, type Item } from '../../src/actors/chain.ts';
import type { Operator, Output, Step } from '../../src/operators/index.ts';
import type { PlannedOperator } from '../../src/plan/index.ts';
import { barrier, batch, planned, Recorder, Sink, toEdge, toOperator, valuesOf } from './fakes.ts';

const data = (...values: number[]): Item => ({ kind: 'batch', batch: batch(...values) });
const watermark = (at: number): Item => ({ kind: 'watermark', watermark: at });
const barrierItem = (n: number): Item => ({ kind: 'barrier', barrier: barrier(n) });

function chain(members: readonly { planned: PlannedOperator; operator: Operator }[], sinks: readonly Sink[]): Chain {
  return new Chain(members, (edge) => sinks[edge]!);
}
/** One line of operators, the last of which feeds edge 0. */
function line(...operators: Operator[]): { chain: Chain; sink: Sink } {
  const sink = new Sink();
  const members = operators.map((operator, i) => ({
    operator,
    planned: planned(`op${i}`, i + 1 < operators.length ? toOperator(i + 1) : toEdge(0)),
  }));
  return { chain: chain(members, [sink]), sink };
}
function drain(chain: Chain): number {
  let steps = 0;
  while (chain.step()) expect(++steps, 'a chain comes to an end').toBeLessThan(10_000);
  return steps;
}

describe('a chain', () => {
  test('CH1: passes items to every operator in the order in which they entered', () => {
    const log: string[] = [];
    const { chain, sink } = line(new Recorder('a', log), new Recorder('b', log));
    for (const item of [
      data(1),
      watermark(5),
      data(2, 3),
      barrierItem(1),
      { kind: 'idle', idle: true } as const,
      { kind: 'end' } as const,
    ])
      chain.push(item);
    drain(chain);
    const seen = ['1', 'w5', '2,3', 'b1'];
    for (const name of ['a', 'b'])
      expect(log.filter((entry) => entry.startsWith(name))).toEqual(seen.map((item) => `${name}:${item}`));
    expect(sink.got).toEqual([...seen, 'idle', 'end']);
    expect(chain.idle).toBe(true);
  });

  test('leaves watermarks and idleness to an operator that forwards them itself', () => {
    const log: string[] = [];
    const idled: boolean[] = [];
    const own = Object.assign(new Recorder('a', log, { onWatermark: (out, call) => (call === 1 && out.watermark(7), 'done') }), {
      forwardsItself: true,
      onIdle: (idle: boolean, out: Output) => {
        idled.push(idle);
        if (!idle) out.idle(true);
      },
    });
    const { chain, sink } = line(own, new Recorder('b', log));
    for (const item of [
      watermark(5),
      { kind: 'idle', idle: true } as const,
      watermark(9),
      { kind: 'idle', idle: false } as const,
    ])
      chain.push(item);
    drain(chain);
    expect([idled, sink.got]).toEqual([
      [true, false],
      ['w7', 'idle'],
    ]);
  });

  test('holds as much as the operator that holds the most', () => {
    const loads = [{ load: 'free' }, { load: 'full' }, { load: 'free' }] as { load: 'free' | 'full' | 'overfull' }[];
    const { chain } = line(...loads.map((load) => Object.assign(load, { process: () => 'done' as const })));
    expect(chain.load).toBe('full');
    loads[2]!.load = 'overfull';
    expect(chain.load).toBe('overfull');
    loads[1]!.load = 'free';
    loads[2]!.load = 'free';
    expect(chain.load).toBe('free');
  });

  test('passes a watermark on as much smaller as an operator holds it back, and the end of time as it is', () => {
    const log: string[] = [];
    const { chain, sink } = line(Object.assign(new Recorder('a', log), { holdsBackMs: 10 }), new Recorder('b', log));
    for (const at of [5, 20, Infinity]) chain.push(watermark(at));
    drain(chain);
    expect(log.filter((entry) => entry.startsWith('a'))).toEqual(['a:w5', 'a:w20', 'a:wInfinity']);
    expect(log.filter((entry) => entry.startsWith('b'))).toEqual(['b:w-5', 'b:w10', 'b:wInfinity']);
    expect(sink.got).toEqual(['w-5', 'w10', 'wInfinity']);
  });

  test('works furthest down first: a row is through before the next one enters', () => {
    const log: string[] = [];
    const { chain } = line(new Recorder('a', log), new Recorder('b', log), new Recorder('c', log));
    chain.push(data(1));
    chain.push(data(2));
    drain(chain);
    expect(log).toEqual(['a:1', 'b:1', 'c:1', 'a:2', 'b:2', 'c:2']);
  });

  test('does one piece of work per step, and says when there is none', () => {
    const log: string[] = [];
    const { chain } = line(new Recorder('a', log), new Recorder('b', log));
    expect([chain.idle, chain.step()]).toEqual([true, false]);
    chain.push(data(1));
    expect([chain.idle, chain.step(), log.length, chain.step(), log.length, chain.step()]).toEqual([
      false,
      true,
      1,
      true,
      2,
      false,
    ]);
  });

  test('calls an operator that says more again with the same, once what it gave was taken', () => {
    const log: string[] = [];
    const pieces: Operator = {
      process(item, out) {
        const piece = log.filter((entry) => entry.startsWith('p')).length;
        log.push(`p:${valuesOf(item).join(',')}`);
        out.emit(batch(piece));
        return piece < 2 ? 'more' : 'done';
      },
    };
    const { chain, sink } = line(pieces, new Recorder('next', log));
    chain.push(data(7));
    chain.push(barrierItem(1));
    drain(chain);
    expect(log).toEqual(['p:7', 'next:0', 'p:7', 'next:1', 'p:7', 'next:2', 'next:b1']);
    expect(sink.got).toEqual(['0', '1', '2', 'b1']);
    expect([chain.rowsIn(0), chain.rowsOut(0), chain.rowsIn(1)]).toEqual([1, 3, 3]);
  });

  test('rests an operator that says wait until it is woken, and goes on with the same', () => {
    const log: string[] = [];
    let ready = false;
    const { chain, sink } = line(
      new Recorder('a', log),
      new Recorder('w', log, { process: (out) => (ready ? (out.emit(batch(9)), 'done') : 'wait') }),
    );
    chain.push(data(1));
    chain.push(data(2));
    drain(chain);
    expect([log, sink.got, chain.idle, chain.step()]).toEqual([['a:1', 'w:1'], [], false, false]);
    chain.wake(1);
    drain(chain);
    expect(log).toEqual(['a:1', 'w:1', 'w:1']);
    ready = true;
    chain.wake(1);
    drain(chain);
    expect([log.slice(3), sink.got]).toEqual([
      ['w:1', 'a:2', 'w:2'],
      ['9', '9'],
    ]);
  });

  test('does not lose a wake-up that comes before the operator has said wait', () => {
    const log: string[] = [];
    const { chain, sink } = line(
      new Recorder('w', log, { process: (_out, call) => (call === 0 ? (chain.wake(0), 'wait') : 'done') }),
    );
    chain.push(data(1));
    drain(chain);
    expect([log, chain.idle]).toEqual([['w:1', 'w:1'], true]);
    // The wake-up is used up: the next wait rests.
    expect(sink.got).toEqual([]);
  });

  test('CH2: forwards a barrier only after the operator has said done to it, and what it emitted before goes first', () => {
    const log: string[] = [];
    const { chain, sink } = line(
      new Recorder('a', log, {
        onBarrier: (out, call) => {
          out.emit(batch(100 + call));
          return call === 0 ? 'more' : call === 1 ? 'wait' : 'done';
        },
      }),
      new Recorder('b', log),
    );
    chain.push(barrierItem(1));
    drain(chain);
    expect([log, sink.got]).toEqual([
      ['a:b1', 'b:100', 'a:b1', 'b:101'],
      ['100', '101'],
    ]);
    chain.wake(0);
    drain(chain);
    expect([log.slice(4), sink.got]).toEqual([
      ['a:b1', 'b:102', 'b:b1'],
      ['100', '101', '102', 'b1'],
    ]);
  });

  test('CH3: a watermark that an operator forwards never falls', () => {
    const log: string[] = [];
    const says: number[] = [8, 3, 8, 12];
    const { chain, sink } = line(
      new Recorder('a', log, { process: (out) => (out.watermark(says.shift()!), 'done') }),
      new Recorder('b', log),
    );
    for (const item of [data(1), data(1), watermark(5), data(1), data(1), watermark(10), watermark(20)]) chain.push(item);
    drain(chain);
    expect(sink.got).toEqual(['w8', 'w12', 'w20']);
    expect(log.filter((entry) => entry.startsWith('b:w'))).toEqual(['b:w8', 'b:w12', 'b:w20']);
  });

  test('CH3: a watermark is a number', () => {
    const { chain } = line(new Recorder('a', [], { process: (out) => (out.watermark(Number.NaN), 'done') }));
    chain.push(data(1));
    expect(() => chain.step()).toThrow('CH3');
  });

  test('tells an operator only of watermarks that rise, each once, and again while it says more', () => {
    const log: string[] = [];
    const { chain } = line(new Recorder('a', log, { onWatermark: (_out, call) => (call === 0 ? 'more' : 'done') }));
    for (const at of [5, 5, 3, 7]) chain.push(watermark(at));
    drain(chain);
    expect([log, chain.watermarkOf(0)]).toEqual([['a:w5', 'a:w5', 'a:w7'], 7]);
  });

  test('tells an operator how far the inputs have come with each row (T6), or its own watermark', () => {
    const a = new Recorder('a', []);
    const b = new Recorder('b', []);
    const { chain } = line(a, b);
    chain.push(watermark(4));
    chain.push({ kind: 'batch', batch: batch(1, 2), advanceTo: (row) => 10 + row });
    drain(chain);
    expect([a.advanced, b.advanced]).toEqual([
      [10, 11],
      [4, 4],
    ]);
  });

  test('passes the events of splits and idleness on, whether an operator listens or not', () => {
    const heard: string[] = [];
    const listener: Operator = {
      process: () => 'done',
      onSplit: ({ split, state }, out) => (heard.push(`${split} ${state}`), out.idle(true)),
    };
    const { chain, sink } = line({ process: () => 'done' }, listener);
    chain.push({ kind: 'split', event: { split: 'x', state: 'idle' } });
    drain(chain);
    expect([heard, sink.got]).toEqual([['x idle'], ['idle', 'split x idle']]);
  });

  test('sends rows by port, and everything else to all', () => {
    const sinks = [new Sink(), new Sink(), new Sink()];
    const operator: Operator = {
      process(item, out) {
        out.emit(item);
        out.emit(batch(8), 'late');
        out.emit(batch(9), 'nobody');
        out.emit(batch(), 'late');
        return 'done';
      },
    };
    const one = chain([{ operator, planned: planned('op', toEdge(0), toEdge(1, 'late'), toEdge(2)) }], sinks);
    for (const item of [data(1), watermark(3), barrierItem(1)]) one.push(item);
    drain(one);
    expect(sinks.map(({ got }) => got)).toEqual([
      ['1', 'w3', 'b1'],
      ['8', 'w3', 'b1'],
      ['1', 'w3', 'b1'],
    ]);
  });

  test('takes nothing while an edge that it feeds is not ready', () => {
    const log: string[] = [];
    const { chain, sink } = line(new Recorder('a', log), new Recorder('b', log));
    chain.push(data(1));
    chain.push(data(2));
    sink.ready = false;
    drain(chain);
    expect([log, chain.idle]).toEqual([['a:1'], false]);
    sink.ready = true;
    drain(chain);
    expect(sink.got).toEqual(['1', '2']);
  });
});

/** Answers by a script; with each call it emits the number of the item that it was called with. */
function scripted(steps: readonly Step[]): Operator {
  let next = 0;
  const call = (out: Output, item: number): Step => {
    out.emit(batch(item));
    return steps[next++ % steps.length]!;
  };
  return { process: (item, out) => call(out, valuesOf(item)[0]!), onBarrier: ({ epoch }, out) => call(out, epoch) };
}

test('CH1, CH2: however operators answer, barriers stay between the rows they came between', () => {
  const steps = fc
    .array(fc.constantFrom<Step>('done', 'done', 'more', 'wait'), { minLength: 1, maxLength: 6 })
    .filter((all) => all.includes('done'));
  fc.assert(
    fc.property(
      fc.array(steps, { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom('data', 'barrier'), { maxLength: 12 }),
      (scripts, items) => {
        const { chain, sink } = line(...scripts.map(scripted));
        items.forEach((kind, i) => chain.push(kind === 'data' ? data(i + 1) : barrierItem(i + 1)));
        for (let round = 0; !chain.idle; round++) {
          expect(round, 'it comes to an end').toBeLessThan(5000);
          drain(chain);
          scripts.forEach((_, i) => chain.wake(i));
        }
        expect(sink.got.filter((entry) => entry.startsWith('b'))).toEqual(
          items.flatMap((kind, i) => (kind === 'barrier' ? [`b${i + 1}`] : [])),
        );
        // Rows and barriers alike carry the number of the item from which they came.
        const came = sink.got.map((entry) => (entry.startsWith('b') ? Number(entry.slice(1)) + 0.5 : Number(entry)));
        expect(came).toEqual([...came].sort((a, b) => a - b));
      },
    ),
    { numRuns: 100 },
  );
});
