import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch } from '../../src/core/index.ts';
import { align, type AlignerDecision, type AlignerFact, newAligner } from '../../src/progress/index.ts';

const barrier = (input: number, n: number): AlignerFact => ({
  kind: 'barrier',
  input,
  barrier: { epoch: epoch(n), time: n, due: [] },
});
const end = (input: number): AlignerFact => ({ kind: 'end', input });
const abort = (n: number): AlignerFact => ({ kind: 'abort', epoch: epoch(n) });

/** `b0` block, `u0,1` unblock, `a3` aligned. */
const brief = (decision: AlignerDecision): string =>
  decision.kind === 'block'
    ? `b${decision.input}`
    : decision.kind === 'unblock'
      ? `u${decision.inputs.join(',')}`
      : `a${decision.barrier.epoch}`;

function run(inputs: number, facts: readonly AlignerFact[]): string {
  let state = newAligner(inputs);
  return facts
    .map((fact) => {
      const next = align(state, fact);
      state = next.state;
      return next.decisions.map(brief).join(' ') || '-';
    })
    .join(' | ');
}

describe('the barrier aligner', () => {
  test.each([
    ['one input aligns at once', 1, [barrier(0, 1), barrier(0, 2)], 'b0 a1 u0 | b0 a2 u0'],
    ['inputs wait for each other', 2, [barrier(0, 1), barrier(1, 1)], 'b0 | b1 a1 u0,1'],
    ['a barrier that comes twice changes nothing', 2, [barrier(0, 1), barrier(0, 1), barrier(1, 1)], 'b0 | b0 | b1 a1 u0,1'],
    [
      'a barrier of a settled epoch is ignored',
      2,
      [barrier(0, 2), barrier(1, 2), barrier(0, 1), barrier(1, 2)],
      'b0 | b1 a2 u0,1 | - | -',
    ],
    ['a higher barrier gives up the lower epoch', 2, [barrier(0, 1), barrier(1, 2), barrier(0, 2)], 'b0 | u0 b1 | b0 a2 u1,0'],
    [
      'a lower barrier than the one being aligned is ignored',
      3,
      [barrier(0, 2), barrier(1, 1), barrier(1, 2), barrier(2, 2)],
      'b0 | - | b1 | b2 a2 u0,1,2',
    ],
    [
      'an abort unblocks',
      2,
      [barrier(0, 1), abort(1), barrier(1, 1), barrier(0, 2), barrier(1, 2)],
      'b0 | u0 | - | b0 | b1 a2 u0,1',
    ],
    [
      'an abort of a later epoch ends an earlier one, too',
      2,
      [barrier(0, 1), abort(3), barrier(1, 3), barrier(1, 4), barrier(0, 4)],
      'b0 | u0 | - | b1 | b0 a4 u1,0',
    ],
    ['an abort of an earlier epoch leaves a later one', 2, [barrier(0, 2), abort(1), barrier(1, 2)], 'b0 | - | b1 a2 u0,1'],
    ['an abort before any barrier settles the epoch', 2, [abort(1), barrier(0, 1), barrier(1, 1)], '- | - | -'],
    ['an end counts as every later barrier', 2, [end(1), barrier(0, 1), barrier(0, 2)], '- | b0 a1 u0 | b0 a2 u0'],
    ['an end completes the epoch that waited for it', 3, [barrier(0, 1), end(2), barrier(1, 1)], 'b0 | - | b1 a1 u0,1'],
    ['the last end completes what is being aligned', 2, [barrier(0, 1), end(1)], 'b0 | a1 u0'],
    ['an end of everything aligns nothing', 2, [end(0), end(1)], '- | -'],
  ])('%s', (_, inputs, facts, decisions) => {
    expect(run(inputs, facts)).toBe(decisions);
  });

  test('A3: a barrier behind the end of its input is a defect', () => {
    const { state } = align(newAligner(2), end(0));
    expect(() => align(state, barrier(0, 1))).toThrow(
      expect.objectContaining({ code: 'E_INTERNAL', message: expect.stringContaining('A3') }),
    );
  });
});

/** What each input still has to say, in its own order: rising barriers, some missing, perhaps an end. */
const script = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }), fc.boolean())
  .map(([epochs, ends]) => ({ epochs: epochs.sort((a, b) => a - b), ends }));
const worlds = fc.record({
  inputs: fc.array(script, { minLength: 1, maxLength: 4 }),
  // Which input speaks next; a value of 4 or more aborts epoch `value - 3`.
  turns: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
});

interface World {
  readonly aligned: readonly number[];
  /** Per step: what was being aligned afterwards, and which inputs were held back. */
  readonly steps: readonly { readonly aligning: number | null; readonly blocked: readonly number[] }[];
  /** Aligned epochs for which an input that had not ended was not heard. */
  readonly unheard: readonly number[];
}

/** Runs the interleaving as a task would: what an input says is not read while it is held back. */
function live({
  inputs,
  turns,
}: {
  readonly inputs: readonly { epochs: number[]; ends: boolean }[];
  readonly turns: readonly number[];
}): World {
  let state = newAligner(inputs.length);
  const left = inputs.map(({ epochs, ends }, input) => [...epochs.map((n) => barrier(input, n)), ...(ends ? [end(input)] : [])]);
  const heard = inputs.map(() => new Set<number>());
  const blocked = new Set<number>();
  const world = {
    aligned: [] as number[],
    steps: [] as { aligning: number | null; blocked: number[] }[],
    unheard: [] as number[],
  };
  for (const turn of [...turns, ...turns]) {
    const fact = turn > 3 ? abort(turn - 3) : blocked.has(turn) ? undefined : left[turn]?.shift();
    if (fact === undefined) continue;
    if (fact.kind === 'barrier') heard[fact.input]!.add(fact.barrier.epoch);
    const next = align(state, fact);
    state = next.state;
    for (const decision of next.decisions) {
      if (decision.kind === 'block') blocked.add(decision.input);
      else if (decision.kind === 'unblock') for (const input of decision.inputs) blocked.delete(input);
      else {
        world.aligned.push(decision.barrier.epoch);
        if (heard.some((epochs, input) => !epochs.has(decision.barrier.epoch) && !state.ended.has(input)))
          world.unheard.push(decision.barrier.epoch);
      }
    }
    world.steps.push({ aligning: state.aligning?.barrier.epoch ?? null, blocked: [...blocked] });
  }
  return world;
}

describe('in any interleaving of barriers, ends and aborts', () => {
  test('A1: epochs align at most once, and in rising order', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { aligned } = live(world);
        expect(aligned).toEqual([...new Set(aligned)].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  test('A2: no input is blocked while no epoch is being aligned', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { aligning, blocked } of live(world).steps) if (aligning === null) expect(blocked).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('A3: an epoch aligns only after its barrier came from every input that has not ended', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        expect(live(world).unheard).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('an epoch that every input sends and nobody aborts or overtakes aligns', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 }),
        (inputs, turns) => {
          const scripts = Array.from({ length: inputs }, () => ({ epochs: [1, 2, 3], ends: false }));
          const fair = Array.from({ length: 20 }, (_, i) => i % inputs);
          expect(live({ inputs: scripts, turns: [...turns, ...fair] }).aligned).toEqual([1, 2, 3]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
