/**
 * Sees each frame that goes into a channel of a simulated cluster and each that comes out, and says what may never be.
 *
 * Holds: what is taken is what was sent, in its order, without gaps; watermarks and the epochs of barriers rise; nothing follows an end;
 * what was sent and not yet taken stays within the window and one frame. Sees which processes have channels of which generation open.
 */
import type { ChannelId, ChannelReceiver, ChannelSender, Frame, Transport } from '../../transport/index.ts';

/** From one subtask to another, in one generation. */
interface Way {
  /** Sent and not taken. */
  readonly under: Frame[];
  data: number;
  watermark: number;
  epoch: number;
  ended: boolean;
  /** An end of it has lost frames, and said so: nothing is promised any more. */
  failed: boolean;
}

/** Generations. */
const remembered = 8;

export class ChannelWitness {
  readonly #windowFrames: number;
  readonly #say: (violation: string) => void;
  readonly #open = new WeakMap<object, Set<number>>();
  /** Of the newest generations only: what was is forgotten. */
  readonly #ways = new Map<number, Map<string, Way>>();

  /** @param windowFrames the widest window of all channels */
  constructor(windowFrames: number, say: (violation: string) => void) {
    this.#windowFrames = windowFrames;
    this.#say = say;
  }

  /** The same transport, seen. */
  of(holder: object, generation: number, transport: Transport): Transport {
    const open = this.#openOf(holder);
    open.add(generation);
    const isOpen = (): boolean => open.has(generation);
    const ways: Way[] = [];
    const way = (id: ChannelId): Way => {
      const known = this.#way(generation, id);
      ways.push(known);
      return known;
    };
    return {
      sender: (id) => this.#sender(way(id), textOfChannel(generation, id), transport.sender(id), isOpen),
      receiver: (id) => this.#receiver(way(id), textOfChannel(generation, id), transport.receiver(id)),
      onFailed: (call) =>
        transport.onFailed((error) => {
          for (const each of ways) each.failed = true;
          call(error);
        }),
      close: () => {
        open.delete(generation);
        transport.close();
      },
    };
  }

  /** The oldest generation of which the holder has channels; undefined: of none. */
  oldest(holder: object): number | undefined {
    const open = this.#open.get(holder);
    return open === undefined || open.size === 0 ? undefined : Math.min(...open);
  }

  #openOf(holder: object): Set<number> {
    let open = this.#open.get(holder);
    if (open === undefined) this.#open.set(holder, (open = new Set()));
    return open;
  }

  #way(generation: number, { edge, from, to }: ChannelId): Way {
    let ways = this.#ways.get(generation);
    if (ways === undefined) {
      this.#ways.set(generation, (ways = new Map()));
      if (this.#ways.size > remembered) this.#ways.delete(this.#ways.keys().next().value!);
    }
    const name = `${edge} ${from} ${to}`;
    let way = ways.get(name);
    if (way === undefined)
      ways.set(name, (way = { under: [], data: 0, watermark: Number.NEGATIVE_INFINITY, epoch: 0, ended: false, failed: false }));
    return way;
  }

  #sender(way: Way, where: string, sender: ChannelSender, isOpen: () => boolean): ChannelSender {
    return {
      get writable() {
        return sender.writable;
      },
      send: (frame) => {
        if (isOpen()) this.#sent(way, frame, where);
        sender.send(frame);
      },
      onWritable: (wake) => sender.onWritable(wake),
      close: () => sender.close(),
    };
  }

  #sent(way: Way, frame: Frame, where: string): void {
    if (way.failed) return;
    if (way.ended) this.#say(`${where}: ${textOf(frame)} behind the end`);
    if (frame.kind === 'watermark') {
      if (frame.watermark < way.watermark) this.#say(`${where}: watermark ${frame.watermark} after ${way.watermark}`);
      way.watermark = frame.watermark;
    }
    if (frame.kind === 'barrier') {
      if (frame.barrier.epoch <= way.epoch) this.#say(`${where}: barrier ${frame.barrier.epoch} after ${way.epoch}`);
      way.epoch = frame.barrier.epoch;
    }
    if (frame.kind === 'end') way.ended = true;
    if (frame.kind === 'data' && ++way.data > this.#windowFrames + 1)
      this.#say(`${where}: ${way.data} data frames are under way, the window is ${this.#windowFrames}`);
    way.under.push(frame);
  }

  #receiver(way: Way, where: string, receiver: ChannelReceiver): ChannelReceiver {
    return {
      get pending() {
        return receiver.pending;
      },
      open: () => receiver.open(),
      peek: () => receiver.peek(),
      take: () => {
        const frame = receiver.take();
        if (frame !== undefined) this.#taken(way, frame, where);
        return frame;
      },
      onReadable: (wake) => receiver.onReadable(wake),
      close: () => receiver.close(),
    };
  }

  #taken(way: Way, frame: Frame, where: string): void {
    if (way.failed) return;
    const sent = way.under.shift();
    if (frame.kind === 'data') way.data--;
    if (sent === undefined || !isSame(frame, sent))
      this.#say(`${where}: ${sent === undefined ? 'nothing' : textOf(sent)} was sent, ${textOf(frame)} is taken`);
  }
}

function isSame(a: Frame, b: Frame): boolean {
  if (a.kind === 'data' && b.kind === 'data')
    return a.batch.length === b.batch.length && (a.batch.length === 0 || a.batch.position(0) === b.batch.position(0));
  if (a.kind === 'watermark' && b.kind === 'watermark') return a.watermark === b.watermark;
  if (a.kind === 'idle' && b.kind === 'idle') return a.idle === b.idle;
  if (a.kind === 'barrier' && b.kind === 'barrier') return a.barrier.epoch === b.barrier.epoch;
  return a.kind === b.kind;
}

const textOfChannel = (generation: number, { edge, from, to }: ChannelId): string =>
  `generation ${generation}, channel ${edge} from ${from} to ${to}`;

function textOf(frame: Frame): string {
  switch (frame.kind) {
    case 'data':
      return `a batch of ${frame.batch.length} from ${frame.batch.length === 0 ? '' : frame.batch.position(0)}`;
    case 'watermark':
      return `watermark ${frame.watermark}`;
    case 'idle':
      return `idle ${frame.idle}`;
    case 'barrier':
      return `barrier ${frame.barrier.epoch}`;
    case 'end':
      return 'the end';
  }
}
