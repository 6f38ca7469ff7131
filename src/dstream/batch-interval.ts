/** Lengths of time as numbers of batches. */
import { type Duration, durationMs, formatMs, WeirError } from '../core/index.ts';

export class BatchInterval {
  readonly ms: number;

  /** @throws WeirError `E_PLAN` if it is no length of time */
  constructor(interval: Duration) {
    this.ms = durationMs(interval, 'batch interval');
    if (this.ms <= 0) throw new WeirError('E_PLAN', `batch interval: '${interval}' is not longer than nothing`);
  }

  /**
   * How many batches a length of a stream is that has one each `slide` batches.
   *
   * @throws WeirError `E_PLAN` if it is no multiple of that
   */
  batches(length: Duration, slide: number, what: string): number {
    const ms = durationMs(length, what);
    const ownMs = slide * this.ms;
    if (ms > 0 && ms % ownMs === 0) return ms / this.ms;
    const own = slide === 1 ? 'the batch interval' : 'the time by which its stream slides';
    throw new WeirError('E_PLAN', `${what}: '${length}' is no multiple of ${own}, ${formatMs(ownMs)}`, {
      hint: `give ${formatMs(ownMs)}, ${formatMs(2 * ownMs)}, ${formatMs(3 * ownMs)} and so on`,
    });
  }
}
