import { afterEach, describe, expect, test } from 'vitest';
import { expected, Town } from './town.ts';

let town: Town;
afterEach(() => town.end());

describe('workers, of which one is spare', () => {
  test('a subtask stays where it was when another worker is lost, and under the next coordinator', async () => {
    town = new Town();
    const first = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    const places = (): Map<string, string> =>
      new Map(town.lead!.status().subtasks.map(({ stage, subtask, worker }) => [`${stage} ${subtask}`, worker.split('-')[0]!]));
    const all = town.plan().stages.reduce((sum, { parallelism }) => sum + parallelism, 0);
    const settled = (): boolean => town.lead!.status().state === 'running' && places().size === all;
    await town.until(settled);
    const before = places();
    const lost = [...before.values()][0]!;
    const others = (): [string, string][] => [...places()].filter(([subtask]) => before.get(subtask) !== lost);
    await town.kill(lost);
    await town.until(() => settled() && ![...places().values()].includes(lost));
    expect(others()).toEqual([...before].filter(([, worker]) => worker !== lost));
    town.worker('w4');
    const between = places();
    await first.kill();
    await town.until(() => town.outcome !== '');
    town.outcome = '';
    await town.coordinator();
    await town.until(settled);
    expect(places()).toEqual(between);
    await town.lead!.kill();
  });

  test('a spare worker reads ahead what it may have to restore, and the others do not', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    await town.until(() => [...town.warmed.values()].some(({ size }) => size > 0));
    const busy = (): Set<string> => new Set(lead.status().subtasks.map(({ worker }) => worker.split('-')[0]!));
    await town.until(() => busy().size === 2);
    for (const [name, { size }] of town.warmed) expect([name, size > 0]).toEqual([name, !busy().has(name)]);
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
  });

  test('a worker that comes later reads ahead at once, and is known to have done so', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    await town.until(() => lead.status().spares === 1);
    const since = town.clock.monotonic();
    town.worker('w4');
    await town.until(() => lead.status().spares === 2);
    expect(town.warmed.get('w4')!.size).toBeGreaterThan(0);
    expect(town.clock.monotonic() - since).toBeLessThan(500); // not at the next second's commit
    await town.kill('w3');
    await town.until(() => lead.status().spares === 1);
    await lead.kill();
  });
});
