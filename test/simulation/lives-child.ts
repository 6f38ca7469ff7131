// Lives the simulated lives that its parent asks for, one at a time (`npm run sim`).
import fc from 'fast-check';
import { type LifeOutcome, type LifePlan, lifePlans, planOf, simulatedLife } from './simulated-life.ts';

interface Asked {
  readonly seed: number;
  /** Finds a small life that goes wrong too. */
  readonly shrink?: boolean;
  /** Without faults. */
  readonly inPeace?: boolean;
}
const shrinksMax = 300;

async function outcomeOf(plan: LifePlan): Promise<Partial<LifeOutcome> & { readonly violations: readonly string[] }> {
  try {
    return await simulatedLife(plan);
  } catch (thrown) {
    return { violations: [(thrown as Error).stack ?? String(thrown)] };
  }
}

const peaceful = (plan: LifePlan): LifePlan => ({ ...plan, faults: 0, drawn: { ...plan.drawn, abortEvery: 0 } });

/** The same seed's life, with less of everything, as long as it goes wrong. */
async function shrunk(seed: number): Promise<unknown> {
  let runs = 0;
  const goesWell = async (plan: LifePlan): Promise<boolean> =>
    runs++ > shrinksMax || (await outcomeOf(plan)).violations.length === 0;
  const { counterexample, numShrinks } = await fc.check(fc.asyncProperty(lifePlans, goesWell), {
    seed,
    numRuns: 1,
    unbiased: true,
  });
  if (counterexample === null) return { shrinks: 0 };
  return { shrinks: numShrinks, plan: counterexample[0], violations: (await outcomeOf(counterexample[0])).violations };
}

process.on('message', ({ seed, shrink, inPeace }: Asked) => {
  const answer =
    shrink === true
      ? shrunk(seed).then((found) => ({ found }))
      : outcomeOf(inPeace === true ? peaceful(planOf(seed)) : planOf(seed));
  void answer.then((outcome) => process.send!({ seed, ...outcome }));
});
process.on('disconnect', () => process.exit(0));
process.send!('ready');
