/**
 * What a client of NATS says, as the server reads it.
 *
 * Owns: the protocol from clients to servers. Does not own: what is done about it (simulated-server.ts).
 */

export type ClientFrame =
  | { readonly kind: 'connect'; readonly options: ConnectOptions }
  | { readonly kind: 'ping' | 'pong' }
  | { readonly kind: 'sub'; readonly subject: string; readonly sid: string }
  | { readonly kind: 'unsub'; readonly sid: string; readonly most: number | undefined }
  | { readonly kind: 'pub'; readonly message: WireMessage };

export interface ConnectOptions {
  readonly name?: string;
  readonly headers?: boolean;
  readonly no_responders?: boolean;
}
export interface WireMessage {
  readonly subject: string;
  readonly reply: string;
  /** With their first line and the empty one at the end; none where there are no headers. */
  readonly headers: Uint8Array;
  readonly data: Uint8Array;
  /** Whoever subscribed to this gets it, rather than those of its subject. */
  readonly to?: string;
}

export const noBytes: Uint8Array = new Uint8Array(0);
const lineEnd = '\r\n';

/** Frames of one connection, of which the last may be incomplete. */
export class ClientFrames {
  #held: Buffer = Buffer.alloc(0);

  /** @throws Error for what no client says */
  *feed(chunk: Uint8Array): Generator<ClientFrame> {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    for (let at = 0; ; ) {
      const end = this.#held.indexOf(lineEnd, at);
      const read = end < 0 ? undefined : frame(this.#held, at, end);
      if (read === undefined) {
        this.#held = this.#held.subarray(at);
        return;
      }
      at = read.end;
      yield read.frame;
    }
  }
}

/** Undefined: not all of it is there. */
function frame(bytes: Buffer, at: number, end: number): { readonly frame: ClientFrame; readonly end: number } | undefined {
  const line = bytes.toString('utf8', at, end);
  const [verb = '', ...words] = line.split(' ').filter((word) => word !== '');
  const next = end + lineEnd.length;
  switch (verb.toUpperCase()) {
    case 'CONNECT':
      return { frame: { kind: 'connect', options: JSON.parse(line.slice(verb.length)) as ConnectOptions }, end: next };
    case 'PING':
      return { frame: { kind: 'ping' }, end: next };
    case 'PONG':
      return { frame: { kind: 'pong' }, end: next };
    case 'SUB':
      return { frame: { kind: 'sub', subject: words[0]!, sid: words.at(-1)! }, end: next };
    case 'UNSUB':
      return { frame: { kind: 'unsub', sid: words[0]!, most: words[1] === undefined ? undefined : Number(words[1]) }, end: next };
    case 'PUB':
    case 'HPUB':
      return published(bytes, next, words, verb.toUpperCase() === 'HPUB');
    default:
      throw new Error(`no client says ${JSON.stringify(line.slice(0, 40))}`);
  }
}

/** `PUB subject [reply] size`, `HPUB subject [reply] size-of-headers size`. */
function published(bytes: Buffer, at: number, words: readonly string[], hasHeaders: boolean): ReturnType<typeof frame> {
  const size = Number(words.at(-1));
  const headerSize = hasHeaders ? Number(words.at(-2)) : 0;
  const reply = words.length > (hasHeaders ? 3 : 2) ? words[1]! : '';
  const end = at + size;
  if (bytes.length < end + lineEnd.length) return undefined;
  // Copies: the bytes of the connection do not stay.
  const headers = Uint8Array.from(bytes.subarray(at, at + headerSize));
  const data = Uint8Array.from(bytes.subarray(at + headerSize, end));
  return { frame: { kind: 'pub', message: { subject: words[0]!, reply, headers, data } }, end: end + lineEnd.length };
}

/** As a subscriber gets it. */
export function deliveredFrame(sid: string, { subject, reply, headers, data }: WireMessage): Uint8Array {
  const to = reply === '' ? '' : ` ${reply}`;
  const size = headers.length + data.length;
  const line =
    headers.length === 0 ? `MSG ${subject} ${sid}${to} ${size}` : `HMSG ${subject} ${sid}${to} ${headers.length} ${size}`;
  return Buffer.concat([Buffer.from(`${line}${lineEnd}`), headers, data, Buffer.from(lineEnd)]);
}

/** A status without a body: `503`, `404 No Messages`. */
export const statusHeaders = (status: string, lines: readonly (readonly [string, string | number])[] = []): Uint8Array =>
  Buffer.from([`NATS/1.0 ${status}`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(lineEnd));

/** Header lines of a message; of one that is there twice the first counts, as servers have it. */
export function headerLines(headers: Uint8Array): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const line of Buffer.from(headers).toString('utf8').split(lineEnd).slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !lines.has(line.slice(0, colon))) lines.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return lines;
}
