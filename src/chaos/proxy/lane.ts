/**
 * One direction of one connection.
 *
 * Owns: what is under way in it: held while it is blocked, late by its delay, never out of order. Back-pressure goes through: whoever
 * sends too fast is not read.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/index.ts';
import { type Frame, Frames } from './frames.ts';

/** What is done to all that passes, until it is changed. */
export interface Weather {
  /** Nothing gets through; what came meanwhile does afterwards. */
  blocked: boolean;
  /** ms that a piece takes, drawn anew for each. */
  delay: (() => number) | undefined;
  /** What becomes of a message that a client publishes; the others go through. */
  publish: ((frame: Frame, lane: Lane) => readonly Buffer[]) | undefined;
  /** What becomes of a message that the server delivers. */
  deliver: ((frame: Frame) => readonly Buffer[]) | undefined;
}

interface Piece {
  readonly bytes: Buffer;
  readonly dueAt: number;
}

export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: 'publish' | 'deliver';
  readonly #weather: Weather;
  readonly #clock: Clock;
  readonly #frames = new Frames();
  #waiting: Piece[] = [];
  #lastDueAt = 0;
  #timer: Timer | undefined;
  #isFull = false;

  constructor(from: Socket, to: Socket, way: 'publish' | 'deliver', weather: Weather, clock: Clock) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#weather = weather;
    this.#clock = clock;
    from.on('data', (chunk: Buffer) => this.#came(chunk));
    to.on('drain', () => {
      this.#isFull = false;
      this.go();
    });
    if (weather.blocked) from.pause();
  }

  /** The weather has changed. */
  go(): void {
    if (this.#weather.blocked) {
      this.#from.pause();
      return;
    }
    this.#send();
    if (!this.#isFull) this.#from.resume();
  }

  /** Another message in this direction, as if it had come just now. */
  insert(bytes: Buffer): void {
    if (!this.#to.destroyed) this.#queue(bytes);
  }

  end(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #came(chunk: Buffer): void {
    const each = this.#way === 'publish' ? this.#weather.publish : this.#weather.deliver;
    for (const bytes of this.#frames.feed(chunk, each && ((frame) => each(frame, this)))) this.#queue(bytes);
  }

  #queue(bytes: Buffer): void {
    const now = this.#clock.monotonic();
    const dueAt = Math.max(this.#lastDueAt, now + (this.#weather.delay?.() ?? 0));
    this.#lastDueAt = dueAt;
    this.#waiting.push({ bytes, dueAt });
    this.#send();
  }

  #send(): void {
    this.#timer?.cancel();
    const now = this.#clock.monotonic();
    let sent = 0;
    for (; sent < this.#waiting.length && !this.#weather.blocked && this.#waiting[sent]!.dueAt <= now; sent++) {
      const { bytes } = this.#waiting[sent]!;
      if (this.#to.writable && !this.#to.write(bytes) && !this.#isFull) {
        this.#isFull = true;
        this.#from.pause();
      }
    }
    this.#waiting.splice(0, sent);
    const next = this.#waiting[0];
    if (next !== undefined && !this.#weather.blocked)
      this.#timer = this.#clock.setTimer(Math.max(0, next.dueAt - now), () => this.#send());
  }
}
