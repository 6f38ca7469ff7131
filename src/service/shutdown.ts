/**
 * SIGTERM and SIGINT: the first asks the job to stop, the second ends the process at once.
 *
 * Owns: which signal is a second one. npm passes on a signal that the terminal has already sent to the whole group, so
 * one Ctrl-C arrives twice; under npm what follows the first within `echoMs` is its echo.
 */
import type { Clock } from '../core/index.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';
const echoMs = 300;
const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

export interface ShutdownOptions {
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** One signal may arrive twice. */
  readonly echoed: boolean;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** `requested` resolves with the first signal; `ignore` takes the handlers off again. */
export interface Shutdown {
  readonly requested: Promise<StopSignal>;
  ignore(): void;
}

export function listenForShutdown({ signals, clock, echoed, exit }: ShutdownOptions): Shutdown {
  let first: number | undefined;
  let request: (signal: StopSignal) => void = () => {};
  const requested = new Promise<StopSignal>((resolve) => {
    request = resolve;
  });
  const listener = (signal: StopSignal): void => {
    const now = clock.monotonic();
    if (first === undefined) {
      first = now;
      request(signal);
    } else if (!echoed || now - first > echoMs) exit(exitCodes[signal]);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) signals.on(signal, listener);
  return {
    requested,
    ignore() {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) signals.off(signal, listener);
    },
  };
}
