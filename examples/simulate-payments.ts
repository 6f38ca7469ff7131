// Does a job count money right whatever happens to it? Hundreds of simulated clusters say so, or show how it goes wrong:
//
//   npx weir simulate examples/simulate-payments.ts
//
// The first job is right. The next two have a bug each that no test on a good day would find.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { foreachBatch, schema, t } from 'weir';
import { arbitraries, simulate, SimulationFailed } from 'weir/testing';

const Payment = schema({ account: t.string, amount: t.number, at: t.timestamp });
const Numbered = schema({ id: t.string, account: t.string, amount: t.number });

/** The outside: it survives the crashes of the job. */
class FakeBank {
  readonly balances = new Map<string, number>();
  readonly #bookings = new Set<string>();
  #epoch = 0;

  add(account: string, amount: number): void {
    this.balances.set(account, (this.balances.get(account) ?? 0) + amount);
  }

  /** Each epoch counts once: after a crash it may come again. */
  book(epoch: number, payments: readonly { readonly account: string; readonly amount: number }[]): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    for (const { account, amount } of payments) this.add(account, amount);
  }

  /** Each booking counts once, by its id. */
  bookOnce(id: string, account: string, amount: number): void {
    if (this.#bookings.has(id)) return;
    this.#bookings.add(id);
    this.add(account, amount);
  }
}

const payments = fc.array(
  fc.record({
    account: fc.constantFrom('a', 'b'),
    amount: fc.integer({ min: 1, max: 100 }),
    at: fc.integer({ min: 0, max: 3_600_000 }),
  }),
  { minLength: 5, maxLength: 60, size: 'max' },
);

const input = { schema: Payment, rows: arbitraries.outOfOrder(payments, { time: 'at', delay: '1 minute', duplicates: 0 }) };
const world = (): FakeBank => new FakeBank();

/** Every account has what was paid into it. */
function check(life: { readonly input: readonly { account: string; amount: number }[]; readonly world: FakeBank }): void {
  for (const account of ['a', 'b']) {
    const paid = life.input.filter((payment) => payment.account === account).reduce((sum, { amount }) => sum + amount, 0);
    assert.equal(life.world.balances.get(account) ?? 0, paid, `the balance of ${account}`);
  }
}

const report = await simulate({
  input,
  world,
  check,
  seeds: 50,
  job: (rows, bank) => rows.to(foreachBatch(async (batch, epoch) => bank.book(epoch, batch))),
});
console.log(`epochs that count once: right in ${report.lives} lives; faults ${JSON.stringify(report.faults)}`);

async function expectBug(what: string, simulated: Promise<unknown>): Promise<void> {
  try {
    await simulated;
  } catch (error) {
    if (!(error instanceof SimulationFailed)) throw error;
    return console.log(`${what}: ${error.message}`);
  }
  console.log(`${what}: not in this life`);
}

await expectBug(
  'a balance that is added to, whatever the epoch',
  simulate({
    input,
    world,
    check,
    job: (rows, bank) =>
      rows.to(
        foreachBatch(async (batch) => {
          for (const { account, amount } of batch) bank.add(account, amount);
        }),
      ),
  }),
);

await expectBug(
  'bookings that are named by the clock',
  simulate({
    input,
    world,
    check,
    job: (rows, bank) =>
      rows
        .map(({ account, amount }) => ({ id: `${account}-${Date.now()}`, account, amount }), Numbered)
        .to(
          foreachBatch(async (batch) => {
            for (const { id, account, amount } of batch) bank.bookOnce(id, account, amount);
          }),
        ),
  }),
);
