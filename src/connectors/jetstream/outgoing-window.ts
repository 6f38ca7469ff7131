/**
 * Messages that are under way, so many and so many bytes at most; their answers are looked at in the order of sending.
 *
 * After the first that is not as it should be, `failed` says that none should follow.
 */
import type { PublishOutcome } from './outgoing-link.ts';

const inFlightMax = 1000;
const inFlightBytesMax = 8 << 20;

interface Sent {
  readonly bytes: number;
  outcome: PublishOutcome | null;
  readonly take: (outcome: PublishOutcome) => boolean;
}

export class OutgoingWindow {
  readonly #sent: Sent[] = [];
  #bytes = 0;
  #waiting: (() => void)[] = [];
  failed = false;
  /** What taking an answer has thrown. */
  error: unknown;

  /**
   * There is no room for a message of this size; an empty window has room for any. What is published without a wait in between goes out
   * in one piece.
   */
  isFull(bytes: number): boolean {
    return !this.failed && this.#sent.length > 0 && (this.#sent.length >= inFlightMax || this.#bytes + bytes > inFlightBytesMax);
  }

  /** Resolves once it is not full for a message of this size. */
  async room(bytes: number): Promise<void> {
    while (this.isFull(bytes)) await this.#change();
  }

  /** Resolves once nothing is under way. */
  async empty(): Promise<void> {
    while (this.#sent.length > 0) await this.#change();
  }

  /** @param take says whether the answer is as it should be; called in the order of `add`, and no more once one was not */
  add(bytes: number, answer: Promise<PublishOutcome>, take: (outcome: PublishOutcome) => boolean): void {
    const sent: Sent = { bytes, outcome: null, take };
    this.#sent.push(sent);
    this.#bytes += bytes;
    void answer.then((outcome) => {
      sent.outcome = outcome;
      this.#settle();
    });
  }

  #settle(): void {
    let taken = 0;
    for (const { outcome, take, bytes } of this.#sent) {
      if (outcome === null) break;
      taken++;
      this.#bytes -= bytes;
      if (!this.failed) this.#take(outcome, take);
    }
    if (taken === 0) return;
    this.#sent.splice(0, taken);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #take(outcome: PublishOutcome, take: Sent['take']): void {
    try {
      this.failed = !take(outcome);
    } catch (error) {
      this.failed = true;
      this.error = error;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
