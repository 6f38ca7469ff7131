// What users get: their own job, its outside and its check, in many lives; bugs that are planted are found.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySink } from '../../src/connectors/index.ts';
import { count, foreachBatch, schema, type Stream, t, window } from '../../src/index.ts';
import { arbitraries, simulate, SimulationFailed } from '../../src/testing/index.ts';
import { type Output } from '../../src/api/index.ts';

const Payment = schema({ account: t.string, amount: t.number, at: t.timestamp });
type Payment = { readonly account: string; readonly amount: number; readonly at: number };
const payments = fc.array(
  fc.record({
    account: fc.constantFrom('a', 'b'),
    amount: fc.integer({ min: 1, max: 100 }),
    at: fc.integer({ min: 0, max: 3_600_000 }),
  }),
  { maxLength: 40, size: 'max' },
);
const input = { schema: Payment, rows: payments };

const balances = (rows: readonly Payment[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { account, amount } of rows) sums[account] = (sums[account] ?? 0) + amount;
  return sums;
};

/** A bank that is added to, or that knows which epochs it has seen. */
class FakeBank {
  readonly balances: Record<string, number> = {};
  #epoch = 0;
  add(rows: readonly Payment[]): void {
    for (const { account, amount } of rows) this.balances[account] = (this.balances[account] ?? 0) + amount;
  }
  addOnce(rows: readonly Payment[], epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.add(rows);
  }
}

const failed = async (run: Promise<unknown>): Promise<SimulationFailed> => {
  const thrown = await run.then(
    () => expect.fail('nothing was found'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(SimulationFailed);
  return thrown as SimulationFailed;
};

describe('simulate()', () => {
  test('SL1: a job that is right passes, in the same lives each time', async () => {
    const traces: string[] = [];
    const run = (seeds: number): ReturnType<typeof simulate> =>
      simulate({
        input,
        world: () => new FakeBank(),
        job: (rows, bank) => rows.to(foreachBatch(async (batch, epoch) => bank.addOnce(batch, Number(epoch)))),
        check: ({ input: all, world }) => {
          expect(world.balances).toEqual(balances(all as readonly Payment[]));
          traces.push(JSON.stringify(world.balances));
        },
        seeds,
      });
    const report = await run(30);
    expect(report.lives).toBe(30);
    expect(Object.values(report.faults).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(100);
    const first = traces.splice(0);
    await run(30);
    expect(traces).toEqual(first);
  });

  test('finds a sink that adds whatever the epoch, says how to live that life again, and shrinks it', {
    timeout: 60_000,
  }, async () => {
    const simulation = {
      input,
      world: () => new FakeBank(),
      job: (rows: Stream<Payment>, bank: FakeBank): Output => rows.to(foreachBatch(async (batch) => bank.add(batch))) as Output,
      check: ({ input: all, world }: { readonly input: readonly object[]; readonly world: FakeBank }): void =>
        expect(world.balances).toEqual(balances(all as readonly Payment[])),
      seeds: 1000,
    };
    const { message, life } = await failed(simulate(simulation as never));
    expect(message).toContain(`npx weir simulate test/simulation/simulate.test.ts --seed ${life.seed}`);
    expect(life.input.length).toBeLessThanOrEqual(6);
    const again = await failed(simulate({ ...simulation, seed: life.seed } as never));
    expect(again.life).toEqual({ ...life, reason: expect.anything() });
  });

  test('poisoned records are set aside once each, and the rows between them count all the same', {
    timeout: 60_000,
  }, async () => {
    const simulation = {
      input,
      world: () => new FakeBank(),
      job: (rows: Stream<Payment>, bank: FakeBank): Output =>
        rows.to(foreachBatch(async (batch, epoch) => bank.addOnce(batch, Number(epoch)))) as Output,
      check: ({ input: all, world }: { readonly input: readonly object[]; readonly world: FakeBank }): void =>
        expect(world.balances).toEqual(balances(all as readonly Payment[])),
      seeds: 30,
      faults: ['poison', 'kill', 'broker-power-loss'] as const,
    };
    const { faults } = await simulate(simulation as never);
    expect(Object.keys(faults).toSorted()).toEqual(['broker-power-loss', 'kill', 'poison']);
    const refuses = (rows: Stream<Payment>, bank: FakeBank): Output =>
      simulation.job(
        rows.map((row) => {
          if (row.amount === 7) throw new Error('seven is not for us');
          return row;
        }, Payment),
        bank,
      );
    const { message, life } = await failed(simulate({ ...simulation, job: refuses, seeds: 1000 } as never));
    expect(message).toContain('seven is not for us');
    expect(life.input.map((row) => (row as Payment).amount)).toContain(7);
  });

  test('finds a job that reads the clock to name its rows', { timeout: 60_000 }, async () => {
    const Named = schema({ id: t.string, amount: t.number });
    const simulation = {
      input,
      world: () => new Map<string, number>(),
      job: (rows: Stream<Payment>, ledger: Map<string, number>): Output =>
        rows
          .map(({ amount }) => ({ id: `${Date.now()}`, amount }), Named)
          .to(foreachBatch(async (batch) => batch.forEach(({ id, amount }) => ledger.set(id, amount)))) as Output,
      check: ({ input: all, world }: { readonly input: readonly object[]; readonly world: Map<string, number> }): void =>
        expect([...world.values()].reduce((a, b) => a + b, 0)).toBe(
          (all as readonly Payment[]).reduce((sum, { amount }) => sum + amount, 0),
        ),
    };
    expect((await failed(simulate(simulation as never))).message).toContain('went wrong');
  });

  test('windows over rows that come out of order count each in time', async () => {
    const report = await simulate({
      input: {
        schema: Payment,
        rows: arbitraries.outOfOrder(payments, { time: 'at', delay: '10 minutes', late: 0, duplicates: 0 }),
      },
      world: () => memorySink<{ account: string; payments: number }>(),
      job: (rows, sink) =>
        rows
          .withWatermark('at', '3 hours')
          .groupBy(window('at', '10 minutes'), 'account')
          .agg({ payments: count() })
          .select('account', 'payments')
          .to(sink as never) as Output,
      check: ({ input: all, world }) => expect(world.rows.reduce((sum, row) => sum + row.payments, 0)).toBe(all.length),
      seeds: 20,
      faults: ['kill', 'partition', 'disk'],
    });
    expect(Object.keys(report.faults).toSorted()).toEqual(['disk', 'kill', 'partition']);
  });

  test('gives user code the time, the chance and the timers of its life, from its seed', async () => {
    const one = async (): Promise<string[]> => {
      const seen: string[] = [];
      await simulate({
        input: { schema: Payment, rows: fc.constant([{ account: 'a', amount: 1, at: 5 }]) },
        job: (rows) =>
          rows.to(
            foreachBatch(async () => {
              const before = [Date.now(), new Date().toISOString(), performance.now(), process.hrtime()[0]];
              const chance = [Math.random(), crypto.randomUUID(), randomUUID()];
              await wait(5000);
              await new Promise((resolve) => setTimeout(resolve, 1000));
              await new Promise((resolve) => setImmediate(resolve));
              const ticks = await new Promise<number>((resolve) => {
                let n = 0;
                const timer = setInterval(() => {
                  if (++n === 3) resolve(n);
                  if (n === 3) clearInterval(timer);
                }, 100);
              });
              seen.push(
                JSON.stringify([before, chance, ticks, Date.now() - (before[0] as number) >= 6300, new Date(0).getTime()]),
              );
            }),
          ),
        check: () => undefined,
        seed: 11,
        faultsPerLife: 0,
      });
      return seen;
    };
    const before = Date.now();
    const first = await one();
    expect(Date.now() - before).toBeLessThan(60_000);
    expect(first[0]).toContain('"2000-01-01T');
    expect(first[0]).toContain(',3,true,0]');
    expect(await one()).toEqual(first);
  });

  test.each([
    ['fetch', () => fetch('http://127.0.0.1:1')],
    ['WebSocket', () => new WebSocket('ws://127.0.0.1:1')],
  ])('E_NOT_SIMULATED: refuses %s, and says where it was used', async (name, use) => {
    const { message, life } = await failed(
      simulate({
        input: { schema: Payment, rows: fc.constant([{ account: 'a', amount: 1, at: 5 }]) },
        job: (rows) => rows.map((row) => (void use(), row)).to(memorySink() as never) as Output,
        check: () => undefined,
        seeds: 1,
      }),
    );
    expect(message).toContain(`simulate.test.ts:`);
    expect(message).toContain(`uses ${name}: there is no such thing in a simulated world`);
    expect(life.seed).toBe(1);
  });

  test('VG1: leaves everything as it was, also when a life goes wrong', async () => {
    const before = [Date, setTimeout, Math.random, crypto.randomUUID, performance.now, fetch, randomUUID, process.hrtime];
    await failed(
      simulate({ input, job: (rows) => rows.to(memorySink() as never) as Output, check: () => expect.fail('no'), seeds: 1 }),
    );
    expect([Date, setTimeout, Math.random, crypto.randomUUID, performance.now, fetch, randomUUID, process.hrtime]).toEqual(
      before,
    );
  });
});
