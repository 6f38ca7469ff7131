// Lives the simulated lives that its parent asks for, one at a time (`npm run sim`).
import fc from 'fast-check';
import { natsLife, type NatsLifePlan, natsLifePlans, natsPlanOf } from './nats-life.ts';
import { type LifeOutcome, type LifePlan, lifePlans, planOf, simulatedLife } from './simulated-life.ts';

interface Asked {
  readonly seed: number;
  /** memory, unless said */
  readonly ground?: keyof typeof grounds;
  /** Finds a small life that goes wrong too. */
  readonly shrink?: boolean;
  /** Without faults. */
  readonly inPeace?: boolean;
}
const shrinksMax = 300;

interface LivesOn<Plan> {
  readonly plans: fc.Arbitrary<Plan>;
  readonly planOf: (seed: number) => Plan;
  readonly live: (plan: Plan) => Promise<LifeOutcome>;
  readonly peaceful: (plan: Plan) => Plan;
}
const memory: LivesOn<LifePlan> = {
  plans: lifePlans,
  planOf,
  live: simulatedLife,
  peaceful: (plan) => ({ ...plan, faults: 0, drawn: { ...plan.drawn, abortEvery: 0 } }),
};
const nats: LivesOn<NatsLifePlan> = {
  plans: natsLifePlans,
  planOf: natsPlanOf,
  live: natsLife,
  peaceful: (plan) => ({ ...plan, faults: 0 }),
};
const grounds = { memory, nats };

async function outcomeOf<Plan>(
  on: LivesOn<Plan>,
  plan: Plan,
): Promise<Partial<LifeOutcome> & { readonly violations: readonly string[] }> {
  try {
    return await on.live(plan);
  } catch (thrown) {
    return { violations: [(thrown as Error).stack ?? String(thrown)] };
  }
}

/** The same seed's life, with less of everything, as long as it goes wrong. */
async function shrunk<Plan>(on: LivesOn<Plan>, seed: number): Promise<unknown> {
  let runs = 0;
  const goesWell = async (plan: Plan): Promise<boolean> =>
    runs++ > shrinksMax || (await outcomeOf(on, plan)).violations.length === 0;
  const { counterexample, numShrinks } = await fc.check(fc.asyncProperty(on.plans, goesWell), {
    seed,
    numRuns: 1,
    unbiased: true,
  });
  if (counterexample === null) return { shrinks: 0 };
  return { shrinks: numShrinks, plan: counterexample[0], violations: (await outcomeOf(on, counterexample[0])).violations };
}

function answerOf<Plan>(on: LivesOn<Plan>, { seed, shrink, inPeace }: Asked): Promise<object> {
  if (shrink === true) return shrunk(on, seed).then((found) => ({ found }));
  const plan = on.planOf(seed);
  return outcomeOf(on, inPeace === true ? on.peaceful(plan) : plan);
}

process.on('message', (asked: Asked) => {
  const { seed, ground = 'memory' } = asked;
  const answer = ground === 'nats' ? answerOf(grounds.nats, asked) : answerOf(grounds.memory, asked);
  void answer.then((outcome) => process.send!({ seed, ...outcome }));
});
process.on('disconnect', () => process.exit(0));
process.send!('ready');
