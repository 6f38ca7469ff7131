/**
 * A thread's ports to the other threads of a job: what is said on a subject goes straight to those that listen to it.
 *
 * Owns: who listens to what. Every thread tells all others of each subject that it begins or ceases to listen to. Does not own: the
 * threads, nor the making of ports.
 * Invariants: TH1 what one thread says to another arrives in the order of saying, each once, as long as both live; TH2 what is said after
 * "I listen" arrives after it: whoever answers is heard.
 */
import type { Subscription } from '../bus.ts';

/** What is used of a MessagePort of Node: programs that have not the types of Node can read the declarations of this package. */
export interface Port {
  on(event: 'message', call: (message: any) => void): unknown;
  on(event: 'messageerror' | 'close', call: () => void): unknown;
  postMessage(message: unknown, transfer: readonly any[]): void;
  close(): void;
}

type Message =
  | { readonly kind: 'listens' | 'ceases'; readonly subject: string }
  | { readonly kind: 'said'; readonly subject: string; readonly body: unknown }
  | { readonly kind: 'ping' | 'pong'; readonly n: number };

type Receive = (body: unknown) => void;

interface Link {
  readonly port: Port;
  readonly listens: Set<string>;
  /** Pings that were not answered yet. */
  readonly pings: Map<number, () => void>;
}

export class PortLinks {
  readonly #links = new Set<Link>();
  readonly #receivers = new Map<string, Set<Receive>>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #broken = new Set<() => void>();
  #pings = 0;
  #closed = false;

  /** The port leads to another thread's links; once that thread has ended it is forgotten. */
  add(port: Port): void {
    if (this.#closed) return port.close();
    const link: Link = { port, listens: new Set(), pings: new Map() };
    this.#links.add(link);
    port.on('message', (message: Message) => this.#arrived(link, message));
    port.on('messageerror', () => this.#broken.forEach((call) => call())); // it could not be read: it is lost
    port.on('close', () => this.#gone(link));
    for (const subject of this.#receivers.keys()) tell(link, { kind: 'listens', subject });
  }

  /** False: nobody is known to listen. What is transferred is given away, unless several listen: they get copies. */
  say(subject: string, body: unknown, transfer: readonly ArrayBuffer[] = []): boolean {
    const links = [...this.#links].filter(({ listens }) => listens.has(subject));
    const isHere = this.#receivers.has(subject);
    const isOne = links.length === 1 && !isHere;
    for (const link of links) tell(link, { kind: 'said', subject, body }, isOne ? transfer : []);
    if (isHere) queueMicrotask(() => this.#deliver(subject, body));
    return isHere || links.length > 0;
  }

  listen(subject: string, receive: Receive): Subscription {
    const receivers = this.#receivers.get(subject) ?? new Set();
    this.#receivers.set(subject, receivers);
    const own: Receive = (body) => receive(body); // one of its own for each that asks
    receivers.add(own);
    if (receivers.size === 1) {
      this.#tellAll({ kind: 'listens', subject });
      this.#heard(subject);
    }
    return {
      close: () => {
        if (!receivers.delete(own) || receivers.size > 0) return;
        this.#receivers.delete(subject);
        this.#tellAll({ kind: 'ceases', subject });
      },
    };
  }

  /** Called once for each thread that listens to the subject, as soon as that is known. */
  onListener(subject: string, call: () => void): Subscription {
    const watchers = this.#watchers.get(subject) ?? new Set();
    this.#watchers.set(subject, watchers);
    const own = (): void => call();
    watchers.add(own);
    const known = [...this.#links].filter(({ listens }) => listens.has(subject)).length + (this.#receivers.has(subject) ? 1 : 0);
    for (let n = 0; n < known; n++) call();
    return {
      close: () => {
        watchers.delete(own);
        if (watchers.size === 0) this.#watchers.delete(subject);
      },
    };
  }

  /** Called when a message could not be read. */
  onBroken(call: () => void): Subscription {
    const own = (): void => call();
    this.#broken.add(own);
    return { close: () => void this.#broken.delete(own) };
  }

  /** Resolves once every thread that lives has had all that was said. */
  async flush(): Promise<void> {
    await Promise.all(
      [...this.#links].map(
        (link) =>
          new Promise<void>((resolve) => {
            const n = ++this.#pings;
            link.pings.set(n, resolve);
            tell(link, { kind: 'ping', n });
          }),
      ),
    );
  }

  close(): void {
    this.#closed = true;
    this.#receivers.clear();
    this.#watchers.clear();
    for (const link of [...this.#links]) {
      link.port.close();
      this.#gone(link);
    }
  }

  #arrived(link: Link, message: Message): void {
    switch (message.kind) {
      case 'listens':
        link.listens.add(message.subject);
        return this.#heard(message.subject);
      case 'ceases':
        return void link.listens.delete(message.subject);
      case 'said':
        return this.#deliver(message.subject, message.body);
      case 'ping':
        return tell(link, { kind: 'pong', n: message.n });
      case 'pong':
        link.pings.get(message.n)?.();
        return void link.pings.delete(message.n);
    }
  }

  #deliver(subject: string, body: unknown): void {
    for (const receive of [...(this.#receivers.get(subject) ?? [])]) receive(body);
  }

  #heard(subject: string): void {
    for (const call of [...(this.#watchers.get(subject) ?? [])]) call();
  }

  #tellAll(message: Message): void {
    for (const link of this.#links) tell(link, message);
  }

  #gone(link: Link): void {
    this.#links.delete(link);
    for (const resolve of link.pings.values()) resolve();
  }
}

function tell({ port }: Link, message: Message, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
