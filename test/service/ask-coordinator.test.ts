// Operators and coordinators over a network in memory: both sides of the conversation on weir.JOB.control.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/core/index.ts';
import { OperatorDesk } from '../../src/runtime/remote/operator-desk.ts';
import { decodeAnswer, encodeAnswer, encodeRequest, type OperatorRequest } from '../../src/runtime/remote/operator-messages.ts';
import { askCoordinator, type Outcome } from '../../src/service/ask-coordinator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryNetwork } from '../transport/memory-bus.ts';
import { report, status, subtask } from './fake-job.ts';
import type { Stopped } from '../../src/runtime/index.ts';
import { OperatedFake } from './operated-fake.ts';

const control = 'weir.delays.control';
let network: MemoryNetwork;
let clock: VirtualClock;
let folder = '';
beforeEach(() => {
  network = new MemoryNetwork();
  clock = new VirtualClock();
  folder = mkdtempSync(join(tmpdir(), 'weir-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Leader {
  readonly job: OperatedFake;
  readonly desk: OperatorDesk;
  leads: boolean;
}
function leader(epoch = 7): Leader {
  const job = new OperatedFake({ report: report({ epoch }) });
  const state = { job, leads: true };
  const desk = new OperatorDesk({ bus: network.bus(), clock, logger: silentLogger, job, leads: () => state.leads });
  return Object.assign(state, { desk });
}

async function turn(ms: number): Promise<void> {
  network.deliver();
  clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}
/** Time passes until it is settled, 50 ms a turn. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let over = false;
  const end = (): boolean => (over = true);
  promise.then(end, end);
  while (!over) await turn(50); // however long it takes what is not on this clock, as a disk does
  return promise;
}
let slow = 0;
const asking = (request: OperatorRequest, timeoutMs = 5000): Promise<Outcome> => {
  slow = 0;
  return askCoordinator(request, { bus: network.bus(), clock, job: 'delays', inbox: 'inbox.1', timeoutMs, slow: () => slow++ });
};
const ask = (request: OperatorRequest, timeoutMs?: number): Promise<Outcome> => settled(asking(request, timeoutMs));

/** What comes back for these bytes. */
async function answersTo(bytes: Uint8Array, reply?: string): Promise<unknown[]> {
  const heard: unknown[] = [];
  const bus = network.bus();
  const subscription = bus.subscribe(reply ?? 'inbox.2', (answer) => heard.push(decodeAnswer(answer)));
  bus.publish(control, bytes, reply);
  for (let i = 0; i < 5; i++) await turn(1);
  subscription.close();
  return heard;
}
const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

describe('an operator who asks the leader', () => {
  test('hears its status, as the job gives it', async () => {
    const { job } = leader();
    job.current = status({ workers: 2, watermark: 12 });
    expect(await ask({ ask: 'status' })).toMatchObject({ kind: 'status', status: job.current });
  });

  test('of a stop that takes its time waits, and is told once that it takes long', async () => {
    const { job } = leader();
    let stop = (): void => {};
    const stopping = new Promise<Stopped>((resolve) => (stop = () => resolve({ state: 'stopped', epoch: 9, savepoint: null })));
    job.stopping = () => stopping;
    const stopped = asking({ ask: 'stop' });
    for (let i = 0; i < 1200; i++) await turn(50); // a minute
    stop();
    expect(await settled(stopped)).toEqual({ version: 1, kind: 'stopped', state: 'stopped', epoch: 9, savepoint: null });
    expect([slow, job.asked]).toEqual([1, ['stop']]);
  });

  test('for a savepoint hears its epoch and absolute path, and finds it there', async () => {
    const { job } = leader(5);
    const directory = join(folder, 'saved');
    expect(await ask({ ask: 'savepoint', directory })).toMatchObject({ kind: 'saved', epoch: 5, directory });
    expect(readdirSync(folder)).toEqual(['saved']);
    expect(job.asked).toEqual(['savepoint']);
    const again = await ask({ ask: 'savepoint', directory });
    expect(again).toMatchObject({ kind: 'failed', error: { code: 'E_USAGE', message: expect.stringContaining('is not empty') } });
  });

  test('AC1: has it done once, although the question arrives twice', async () => {
    const { job } = leader();
    network.weather = (subject, payload) => (subject === control ? [payload, payload] : payload);
    job.stopping = () => new Promise(() => undefined);
    const stopped = asking({ ask: 'stop' });
    for (let i = 0; i < 100; i++) await turn(50);
    expect(job.asked).toEqual(['stop']);
    job.end('stopped');
    void stopped;
  });

  test('asks again when the question was lost', async () => {
    leader();
    let lost = 0;
    network.weather = (subject, payload) => (subject === control && lost++ < 2 ? null : payload);
    expect(await ask({ ask: 'status' })).toMatchObject({ kind: 'status' });
  });

  test('hears a status without splits, then without subtasks, where no message could hold it', () => {
    const splits = Array.from({ length: 100 }, (_, i) => ({
      split: `s${i}`,
      state: 'active' as const,
      records: i,
      watermark: null,
    }));
    const whole = status({ subtasks: Array.from({ length: 10 }, () => subtask({ splits })) });
    const shown = (bytesMax: number): unknown => {
      const bytes = encodeAnswer({ kind: 'status', at: 0, status: whole }, bytesMax);
      expect(bytes.length).toBeLessThanOrEqual(bytesMax);
      const answer = decodeAnswer(bytes);
      return answer?.kind === 'status' ? answer.status.subtasks.map((each) => each.splits.length) : answer;
    };
    expect([shown(1 << 20), shown(4000), shown(1000)]).toEqual([Array(10).fill(100), Array(10).fill(0), []]);
  });
});

describe('a coordinator', () => {
  test.each([
    ['no JSON', text('stop'), 'it is no JSON object'],
    ['a list', text([]), 'it is no JSON object'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe), 'it is no JSON object'],
    ['no version', text({ ask: 'stop' }), 'it is of version undefined, and this coordinator knows 1'],
    ['another version', text({ version: 2, ask: 'stop' }), 'it is of version 2, and this coordinator knows 1'],
    ['an unknown question', text({ version: 1, ask: 'kill' }), '`ask` is neither status, why, stop nor savepoint'],
    ['a key that is no text', text({ version: 1, ask: 'why', key: 5 }), '`key`, and `operator` if it is there, are texts'],
    ['a savepoint nowhere', text({ version: 1, ask: 'savepoint' }), '`directory` is the path of a directory'],
    ['a savepoint at nothing', text({ version: 1, ask: 'savepoint', directory: '' }), '`directory` is the path'],
    ['a stop with a number', text({ version: 1, ask: 'stop', savepoint: 7 }), '`savepoint` is the path of a directory'],
    ['a path that is too long', text({ version: 1, ask: 'stop', savepoint: 'x'.repeat(5000) }), '`savepoint` is the path'],
    ['too much', text({ version: 1, ask: 'stop', more: 'x'.repeat(20_000) }), 'bytes, and may have 16384'],
  ])('OP1: answers %s with an error, and does nothing', async (_, bytes, said) => {
    const { job } = leader();
    const error = { code: 'E_USAGE', message: expect.stringContaining(said) };
    expect(await answersTo(bytes, 'inbox.2')).toEqual([
      expect.objectContaining({ kind: 'failed', error: expect.objectContaining(error) }),
    ]);
    expect(job.asked).toEqual([]);
  });

  test('minds no empty message, and none that wants no answer', async () => {
    const { job } = leader();
    expect(await answersTo(new Uint8Array(), 'inbox.2')).toEqual([]);
    expect(await answersTo(encodeRequest({ ask: 'stop' }))).toEqual([]);
    expect(job.asked).toEqual([]);
  });

  test.each(['weir.delays.beat', 'weir-store.delays.cells.lease', '$JS.API.INFO', 'a.*', 'a.>'])(
    'OP3: does not answer on %s',
    async (subject) => {
      const { job } = leader();
      const published: string[] = [];
      network.weather = (to, payload) => {
        published.push(to);
        return payload;
      };
      await answersTo(encodeRequest({ ask: 'stop' }), subject);
      expect([published, job.asked]).toEqual([[control], []]);
    },
  );

  test('OP2: that does not lead answers nobody; the one that does, does', async () => {
    const [former, present] = [leader(3), leader(8)];
    former.leads = false;
    expect(await ask({ ask: 'stop' })).toMatchObject({ kind: 'stopped', epoch: 8 });
    expect([former.job.asked, present.job.asked]).toEqual([[], ['stop']]);
  });

  test('OP2: that loses its lease while it stops the job is gone, and the next leader is asked', async () => {
    const former = leader(3);
    former.job.stopping = () =>
      new Promise((_, reject) => {
        clock.setTimer(2000, () => {
          former.leads = false;
          reject(new Error('ended as by a crash'));
        });
      });
    clock.setTimer(4500, () => void leader(8));
    expect(await ask({ ask: 'stop' })).toMatchObject({ kind: 'stopped', epoch: 8 });
  });

  test('that loses its lease while it takes a savepoint is not asked again: nobody knows whether there is one', async () => {
    const former = leader(3);
    former.job.saving = () =>
      new Promise((_, reject) => {
        clock.setTimer(2000, () => {
          former.leads = false;
          leader(8);
          reject(new Error('ended as by a crash'));
        });
      });
    await expect(ask({ ask: 'savepoint', directory: join(folder, 'saved') })).rejects.toMatchObject({
      code: 'E_STUCK',
      message: expect.stringContaining('lost its lease while it took the savepoint'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('answers no more than 32 at a time', async () => {
    const { job } = leader();
    job.stopping = () => new Promise(() => undefined);
    for (let i = 0; i < 32; i++) await answersTo(encodeRequest({ ask: 'stop' }), `inbox.many.${i}`);
    const [answer] = await answersTo(encodeRequest({ ask: 'status' }), 'inbox.last');
    expect(answer).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('too much is asked at once') } });
    expect(job.asked).toHaveLength(32);
  });

  test('that goes has answered everybody before', async () => {
    const { job, desk } = leader();
    let stop = (): void => {};
    const stopping = new Promise<Stopped>((resolve) => (stop = () => resolve({ state: 'finished', epoch: 4, savepoint: null })));
    job.stopping = () => stopping;
    const stopped = asking({ ask: 'stop' });
    await turn(50);
    const closed = desk.close();
    stop();
    await settled(closed);
    expect(await settled(stopped)).toMatchObject({ kind: 'stopped', state: 'finished', epoch: 4 });
  });
});

describe('where no coordinator answers', () => {
  test('an operator gives a takeover the time that it takes', async () => {
    clock.setTimer(3000, () => void leader(8));
    expect(await ask({ ask: 'status' })).toMatchObject({ kind: 'status' });
  });

  test('there is none, after 3.5 s', async () => {
    const from = clock.monotonic();
    expect(await ask({ ask: 'status' }, 30_000)).toEqual({ kind: 'absent', wasThere: false });
    expect(clock.monotonic() - from).toBeLessThan(4500);
  });

  test('it is silent, after the time that was given', async () => {
    leader().leads = false;
    const from = clock.monotonic();
    expect(await ask({ ask: 'stop' }, 8000)).toEqual({ kind: 'silent' });
    expect(clock.monotonic() - from).toBeGreaterThanOrEqual(8000);
  });

  test('although it had begun, it has gone, and none has come', async () => {
    const { job, desk } = leader();
    job.stopping = () => new Promise(() => undefined);
    const stopped = asking({ ask: 'stop' });
    await turn(50);
    void desk.close();
    network.weather = (subject, payload) => (subject === 'inbox.1' && payload.length > 0 ? null : payload); // it was killed
    expect(await settled(stopped)).toEqual({ kind: 'absent', wasThere: true });
  });
});
