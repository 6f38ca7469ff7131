import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { listenForShutdown, type StopSignal } from '../../src/service/shutdown.ts';
import { ManualClock } from './fake-job.ts';

function listen(echoed: boolean) {
  const [signals, clock, codes] = [new EventEmitter(), new ManualClock(), [] as number[]];
  const shutdown = listenForShutdown({ signals, clock, echoed, exit: (code) => void codes.push(code) });
  return { shutdown, clock, codes, send: (signal: StopSignal) => void signals.emit(signal, signal), signals };
}

describe('signals', () => {
  test('the first asks for a stop', async () => {
    const { shutdown, codes, send } = listen(false);
    send('SIGTERM');
    expect(await shutdown.requested).toBe('SIGTERM');
    expect(codes).toEqual([]);
  });

  test('the second ends the process at once, with the code of its signal', () => {
    const { codes, send } = listen(false);
    send('SIGTERM');
    send('SIGTERM');
    send('SIGINT');
    expect(codes).toEqual([143, 130]);
  });

  test('under npm one Ctrl-C arrives twice, and counts once', () => {
    const { clock, codes, send } = listen(true);
    send('SIGINT');
    clock.advance(50);
    send('SIGINT');
    expect(codes).toEqual([]);
    clock.advance(1000);
    send('SIGINT');
    expect(codes).toEqual([130]);
  });

  test('are left alone afterwards', () => {
    const { shutdown, signals } = listen(false);
    shutdown.ignore();
    expect(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM')).toBe(0);
  });
});
