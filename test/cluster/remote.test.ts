import { afterEach, describe, expect, test } from 'vitest';
import { packValue } from '../../src/batch/index.ts';
import { expected, Town } from './town.ts';

let town: Town;
afterEach(() => town.end());

describe('a job whose workers are elsewhere', () => {
  test('waits for enough slots, runs to its end, and lets its workers go', async () => {
    town = new Town();
    const lead = await town.coordinator();
    town.worker('w1');
    await town.until(() => town.workers.get('w1')!.session !== '');
    expect(lead.status().state).toBe('restoring');
    town.worker('w2');
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended === 'over'));
  });

  test('does not count a worker as lost that goes because the job is over', async () => {
    town = new Town();
    await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => [...town.workers.values()].some(({ ended }) => ended === 'over'));
    for (const name of ['w1', 'w2']) town.fleet!.processEnded(name);
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.log.filter((said) => said !== 'waiting for workers')]).toEqual(['finished', []]);
  });

  test('goes on from its last checkpoint on another worker when one is killed', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    await town.kill('w1');
    await town.kill('w2');
    town.worker('w4');
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums, lead.status().report.restarts > 0]).toEqual(['finished', expected, true]);
  });

  test('F1, F3: a worker that was silent too long is not counted, closes what it ran, and joins again', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    const entry = town.workers.get('w1')!;
    const before = entry.session;
    entry.beating = false;
    await town.until(() => town.log.includes('a worker was lost'));
    entry.beating = true;
    await town.until(() => entry.session !== before);
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
  });

  test('a worker that leaves, or whose process is known to have ended, is lost at once', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    const at = town.clock.monotonic();
    await town.workers.get('w1')!.worker.leave();
    await town.until(() => town.log.includes('a worker was lost'));
    town.log.length = 0;
    town.fleet!.processEnded('w2');
    expect(town.log).toEqual(['a worker was lost']);
    expect(town.clock.monotonic() - at).toBeLessThan(500);
    await lead.kill();
  });

  test('a worker that nobody hears any more is lost at once; after an outage of our own connection it is given time to come back', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3', 'w4']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    const passed = async (ms: number): Promise<void> => {
      const at = town.clock.monotonic();
      await town.until(() => town.clock.monotonic() - at >= ms);
    };
    await town.kill('w1');
    await passed(400);
    expect(town.log).toEqual(['a worker was lost', 'a subtask failed']);
    town.log.length = 0;
    town.network.interrupt();
    await town.kill('w2');
    await passed(1000);
    expect(town.log).not.toContain('a worker was lost');
    await passed(1000);
    expect(town.log).toContain('a worker was lost');
    await lead.kill();
  });

  test('goes on under another coordinator when its own is killed: the workers join that one', async () => {
    town = new Town();
    const first = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => first.status().checkpoints.some(({ state }) => state === 'completed'));
    await first.kill();
    await town.until(() => town.outcome !== '');
    town.outcome = '';
    await town.coordinator();
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
  });

  test('F4: a coordinator that woke up after its time takes no worker from the one that leads; without both, workers end', async () => {
    town = new Town();
    const first = await town.coordinator();
    town.worker('w1');
    town.worker('w2');
    await town.until(() => first.status().checkpoints.some(({ state }) => state === 'completed'));
    await first.kill();
    await town.until(() => town.outcome !== '');
    const second = await town.coordinator();
    await town.until(() => second.status().state === 'running');
    const sessions = [...town.workers.values()].map(({ session }) => session);
    for (let i = 0; i < 20; i++) {
      town.network.bus().publish('weir.sum.beat', packValue({ session: 'c-zombie', members: [] }));
      await town.until(() => true);
    }
    expect([...town.workers.values()].map(({ session }) => session)).toEqual(sessions);
    await second.kill();
    // A last word of the zombie makes them look again: they have served, and do not wait for ever.
    const at = town.clock.monotonic();
    await town.until(() => town.clock.monotonic() - at > 1500);
    town.network.bus().publish('weir.sum.beat', packValue({ session: 'c-zombie', members: [] }));
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
    expect(town.clock.monotonic() - at).toBeLessThan(8000);
  });

  test('goes on under another coordinator when its own was told to end; without another the workers end too, and nothing is wrong', async () => {
    town = new Town();
    const first = await town.coordinator(true);
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => first.status().state === 'running');
    await first.stop();
    const second = await town.coordinator(true);
    await town.until(() => second.status().state === 'running');
    expect(second.status().report.restoredFrom).not.toBeNull();
    expect([...town.workers.values()].map(({ ended }) => ended)).toEqual(['', '']);
    const at = town.clock.monotonic();
    await second.stop();
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
    expect([...town.workers.values()].map(({ ended }) => ended)).toEqual(['over', 'over']);
    expect(town.clock.monotonic() - at).toBeLessThan(8000);
  });

  test('F4: workers that hear no coordinator for five seconds end', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => lead.status().state === 'running');
    const at = town.clock.monotonic();
    await lead.kill();
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
    expect(town.clock.monotonic() - at).toBeLessThan(6000);
    expect(town.workers.get('w1')!.ended).toMatch(/^E_CHANNEL the coordinator has said nothing for 5 s/);
  });

  test('F4: but however long they have no connection they wait for it', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => lead.status().state === 'running');
    town.connected = false;
    await lead.kill();
    const at = town.clock.monotonic();
    await town.until(() => town.clock.monotonic() - at > 8000);
    expect([...town.workers.values()].map(({ ended }) => ended)).toEqual(['', '']);
    town.connected = true;
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
  });

  test.each([
    [{ version: '2' }, 'Weir 2, the coordinator runs Weir 1'],
    [{ words: 'other' }, 'its module makes plan'],
  ])('F2: a worker with %o is refused with both values', async (more, reason) => {
    town = new Town();
    await town.coordinator();
    town.worker('w1', more);
    await town.until(() => town.workers.get('w1')!.ended !== '');
    expect(town.workers.get('w1')!.ended).toContain(`E_STATE_INCOMPATIBLE this worker cannot join: ${reason}`);
    await town.until(() => town.log.includes('a worker was refused'));
    await town.lead!.kill();
  });
});
