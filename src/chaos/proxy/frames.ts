/**
 * Cuts a direction of a connection to NATS into the messages of its protocol, whole ones, in order.
 *
 * Owns: where a message ends. Does not own: what is done with it (lane.ts). Everything that carries no payload is a frame, too; runs of
 * frames in which nobody is interested go through in one piece.
 */
export interface Frame {
  /** Of a message with payload; empty for all others. */
  readonly subject: string;
  readonly reply: string;
  readonly bytes: Buffer;
}

const lineFeed = 10;
const lineEndBytes = 2;
const payloadVerb = /^(PUB|HPUB|MSG|HMSG) /i;

export class Frames {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** No frame is complete before so many bytes are held. */
  #needed = 1;
  /** Of a frame that goes through as it comes. */
  #passing = 0;

  /** @returns what goes on, in order; `each` says what becomes of a message, and is asked only if it is there */
  feed(chunk: Buffer, each: ((frame: Frame) => readonly Buffer[]) | undefined): readonly Buffer[] {
    if (this.#passing >= chunk.length) {
      this.#passing -= chunk.length;
      return [chunk];
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#needed && each !== undefined) return [];
    const bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held);
    const out: Buffer[] = [];
    let begin = 0;
    let at = this.#passing;
    this.#passing = 0;
    this.#needed = 1;
    while (at < bytes.length) {
      const end = endOfFrame(bytes, at);
      if (end.known && each === undefined) this.#passing = Math.max(0, end.at - bytes.length);
      else if (end.at > bytes.length) {
        this.#needed = end.at - at;
        break;
      } else if (each !== undefined && end.subject !== '') {
        if (at > begin) out.push(bytes.subarray(begin, at));
        out.push(...each({ subject: end.subject, reply: end.reply, bytes: bytes.subarray(at, end.at) }));
        begin = end.at;
      }
      at = Math.min(end.at, bytes.length);
    }
    if (at > begin) out.push(bytes.subarray(begin, at));
    this.#held = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#heldBytes = bytes.length - at;
    return out;
  }
}

interface FrameEnd {
  readonly at: number;
  /** False: its first line is not complete, and `at` is the least that it may be. */
  readonly known: boolean;
  readonly subject: string;
  readonly reply: string;
}

function endOfFrame(bytes: Buffer, at: number): FrameEnd {
  const lineEnd = bytes.indexOf(lineFeed, at);
  if (lineEnd < 0) return { at: bytes.length + 1, known: false, subject: '', reply: '' };
  const first = bytes[at]! | 0x20;
  const hasPayload = first === 0x70 || first === 0x68 || first === 0x6d; // PUB and PING, HPUB, MSG; others never have one
  const line = hasPayload ? bytes.toString('latin1', at, lineEnd).trimEnd() : '';
  if (!payloadVerb.test(line)) return { at: lineEnd + 1, known: true, subject: '', reply: '' };
  const words = line.split(' ').filter((word) => word !== '');
  const verb = words[0]!.toUpperCase();
  // Before the sizes: the subject, the id of the subscription of what is delivered, and the reply if there is one.
  const sizes = verb.startsWith('H') ? 2 : 1;
  const fixed = verb.endsWith('MSG') ? 3 : 2;
  const reply = words.length - sizes > fixed ? words[fixed]! : '';
  return { at: lineEnd + 1 + Number(words.at(-1)) + lineEndBytes, known: true, subject: words[1]!, reply };
}
