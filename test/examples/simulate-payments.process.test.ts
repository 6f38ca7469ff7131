import { describe, expect, test } from 'vitest';
import { bin, Folder, Program, root } from '../service/weir-process.ts';

const example = 'examples/simulate-payments.ts';
const weir = (...words: string[]): Program => new Program(process.execPath, [bin, ...words], root);

describe('weir simulate', () => {
  test('the example finds the planted bugs, says how, and how to live that life again', { timeout: 120_000 }, async () => {
    const { code, stdout } = await weir('simulate', example).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('epochs that count once: right in 50 lives');
    expect(stdout).toMatch(/a balance that is added to, whatever the epoch: life \d+ went wrong: the balance of [ab]/);
    expect(stdout).toMatch(/bookings that are named by the clock: life \d+ went wrong: the balance of [ab]/);
    const [, seed] = /again: npx weir simulate examples\/simulate-payments\.ts --seed (\d+)/.exec(stdout)!;
    const again = await weir('simulate', example, '--seed', seed!).ended;
    expect(again.stdout).toMatch(new RegExp(`whatever the epoch: life ${seed} went wrong`));
  });

  const file = (waits: string): string => `import { memorySink } from 'weir/connectors';
    import { schema, t } from 'weir';
    import { simulate } from 'weir/testing';
    import fc from ${JSON.stringify(import.meta.resolve('fast-check'))};
    ${waits} simulate({
      input: { schema: schema({ n: t.number }), rows: fc.constant([{ n: 1 }]) },
      job: (rows) => rows.to(memorySink()),
      check: () => { throw new Error('not this one'); },
    });`;

  test.each(['await', ''])(
    'E_SIMULATION: a life that goes wrong ends it with 1: %s simulate(…)',
    { timeout: 60_000 },
    async (waits) => {
      using folder = new Folder({ 'wrong.mjs': file(waits) });
      const { code, stderr } = await folder.weir('simulate', 'wrong.mjs').ended;
      expect(code).toBe(1);
      expect(stderr).toContain('E_SIMULATION life 1 went wrong: not this one');
      expect(stderr).toContain('again: npx weir simulate wrong.mjs --seed 1');
    },
  );

  test('refuses a file that simulates nothing: it would prove nothing', async () => {
    using folder = new Folder({ 'nothing.mjs': 'export default 1;' });
    const { code, stderr } = await folder.weir('simulate', 'nothing.mjs').ended;
    expect(code).toBe(2);
    expect(stderr).toContain('E_USAGE nothing.mjs calls no simulate()');
  });

  test('refuses a seed that is none', async () => {
    const { code, stderr } = await weir('simulate', example, '--seed', 'x').ended;
    expect(code).toBe(2);
    expect(stderr).toContain("it is 'x', and must be a whole number from 0");
  });
});
