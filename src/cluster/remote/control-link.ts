/**
 * Control messages between two sessions over a network that may lose them: each arrives once, in order, as long as both live.
 *
 * Owns: numbers, acknowledgements, repetition, pieces of what is longer than a message. A session is one life of one end; a
 * message to another life of it changes nothing.
 * Invariants: CL1 what is received was sent, in that order, each once; CL2 what was sent is repeated until it is acknowledged.
 */
import { packValue, unpackValue } from '../../batch/index.ts';
import type { Clock, Timer } from '../../core/index.ts';

export interface ControlLinkOptions {
  readonly own: string;
  readonly peer: string;
  readonly clock: Clock;
  /** Bytes of one message on the network. */
  readonly messageBytesMax: number;
  readonly publish: (message: Uint8Array) => void;
  readonly receive: (body: Uint8Array) => void;
}

interface Envelope {
  readonly from: string;
  readonly to: string;
  /** From 1; 0 = an acknowledgement alone. */
  readonly sequence: number;
  /** All up to this one have been received. */
  readonly ack: number;
  readonly more: boolean;
  readonly piece: Uint8Array;
}

const repeatMs = 250;
/** More than an envelope's own fields ever take. */
const envelopeBytes = 512;
const nothing = new Uint8Array(0);

export class ControlLink {
  readonly #o: ControlLinkOptions;
  readonly #unacknowledged = new Map<number, { readonly more: boolean; readonly piece: Uint8Array }>();
  #sent = 0;
  #received = 0;
  #pieces: Uint8Array[] = [];
  #timer: Timer | null = null;
  #closed = false;
  #settled = (): void => {};

  constructor(options: ControlLinkOptions) {
    this.#o = options;
  }

  send(body: Uint8Array): void {
    if (this.#closed) return;
    const most = this.#o.messageBytesMax - envelopeBytes;
    for (let at = 0; ; at += most) {
      const more = at + most < body.length;
      const part = { more, piece: body.subarray(at, at + most) };
      this.#unacknowledged.set(++this.#sent, part);
      this.#publish(this.#sent, part.more, part.piece);
      if (!more) break;
    }
    this.#timer ??= this.#repeatLater();
  }

  /** A message for this session's subject; others than the peer's are left alone. */
  arrived(message: Uint8Array): void {
    const envelope = envelopeOf(message);
    if (this.#closed || envelope === null || envelope.from !== this.#o.peer || envelope.to !== this.#o.own) return;
    this.#acknowledged(envelope.ack);
    if (envelope.sequence === 0) return;
    const isNext = envelope.sequence === this.#received + 1;
    if (isNext) this.#received = envelope.sequence;
    this.#publish(0, false, nothing); // first, for whoever receives may close the link
    if (isNext) this.#take(envelope);
  }

  /** Resolves once the peer has everything; never if it is gone. */
  async acknowledged(): Promise<void> {
    if (this.#unacknowledged.size > 0) await new Promise<void>((resolve) => (this.#settled = resolve));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#unacknowledged.clear();
  }

  #take({ more, piece }: Envelope): void {
    this.#pieces.push(piece);
    if (more) return;
    const body = this.#pieces.length === 1 ? piece : new Uint8Array(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#o.receive(body);
  }

  #acknowledged(upTo: number): void {
    for (const sequence of this.#unacknowledged.keys()) if (sequence <= upTo) this.#unacknowledged.delete(sequence);
    if (this.#unacknowledged.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#settled();
  }

  #repeatLater(): Timer {
    return this.#o.clock.setTimer(repeatMs, () => {
      for (const [sequence, { more, piece }] of this.#unacknowledged) this.#publish(sequence, more, piece);
      this.#timer = this.#repeatLater();
    });
  }

  #publish(sequence: number, more: boolean, piece: Uint8Array): void {
    const { own, peer, publish } = this.#o;
    publish(packValue({ from: own, to: peer, sequence, ack: this.#received, more, piece } satisfies Envelope));
  }
}

/** Null: not ours. An empty one only asks whether somebody is there to hear it. */
function envelopeOf(message: Uint8Array): Envelope | null {
  if (message.length === 0) return null;
  try {
    const envelope = unpackValue(message) as Partial<Envelope> | null;
    const isOne =
      typeof envelope?.sequence === 'number' && typeof envelope.ack === 'number' && envelope.piece instanceof Uint8Array;
    return isOne ? (envelope as Envelope) : null;
  } catch {
    return null;
  }
}

/** Whose message it is; null if it is not one. */
export function senderOf(message: Uint8Array): string | null {
  return envelopeOf(message)?.from ?? null;
}
