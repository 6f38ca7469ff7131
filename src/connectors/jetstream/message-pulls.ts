/**
 * How much of a consumer is asked for, and what of it is still to come.
 *
 * Owns: the sizes of requests. A request ends when it is full, after its time, or when the next message would exceed its bytes:
 * the bytes bound what a server sends at once, which a number of messages does not. Pure.
 * Invariants: JP1 what was asked for and has not come, with what waits here, is at most three requests' bytes and messages.
 */
export interface PullRequest {
  readonly id: number;
  readonly batch: number;
  readonly bytes: number;
}

const batchMax = 2048;
const bytesLeast = 1 << 20;
/** What one message may be at most on any server. */
const bytesMost = 64 << 20;

export class MessagePulls {
  #requests: { id: number; left: number; batch: number }[] = [];
  #ids = 0;
  #bytes = bytesLeast;

  /** The next request, if one is due, where so much waits to be taken. */
  due(waiting: number, waitingBytes: number): PullRequest | null {
    if (this.outstanding + waiting > batchMax / 2 || waitingBytes > this.#bytes / 2 || this.#requests.length > 1) return null;
    const request = { id: ++this.#ids, batch: batchMax, bytes: this.#bytes };
    this.#requests.push({ id: request.id, left: batchMax, batch: batchMax });
    return request;
  }

  /** Messages that the server may still send. */
  get outstanding(): number {
    return this.#requests.reduce((sum, { left }) => sum + left, 0);
  }

  /** A message came: for the oldest request. */
  arrived(): void {
    const [oldest] = this.#requests;
    if (oldest === undefined) return;
    if (--oldest.left === 0) this.#requests.shift();
  }

  /** The server ended a request. */
  ended(id: number): void {
    this.#requests = this.#requests.filter((request) => request.id !== id);
  }

  /** It ended one because the next message is larger than the bytes that are left: one that was given nothing asks for more. */
  tooSmall(id: number): void {
    const request = this.#requests.find((one) => one.id === id);
    this.ended(id);
    if (request !== undefined && request.left === request.batch) this.#bytes = Math.min(bytesMost, this.#bytes * 2);
  }
}
