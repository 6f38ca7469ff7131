/** Time, injected. Nothing outside `src/runtime` and `src/service` reads another clock. */
export interface Clock {
  /** Wall time, milliseconds since 1970 UTC; may jump. For people and for records only. */
  now(): number;
  /** Milliseconds that only ever rise; for intervals and timeouts. */
  monotonic(): number;
  /** Calls `fn` once, after `delayMs` of monotonic time. */
  setTimer(delayMs: number, fn: () => void): Timer;
}
export interface Timer {
  cancel(): void;
}

/** Resolves after `delayMs`; rejects with the signal's reason if it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const abort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}
