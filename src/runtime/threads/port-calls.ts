/**
 * Calls from one thread to another, over a port: a name and arguments, and what came of it.
 *
 * Owns: which answer belongs to which call, and errors on their way. Bytes are copied once, and their memory moves.
 */
import type { MessagePort, TransferListItem } from 'node:worker_threads';
import { errorForm, type ErrorForm, errorOf, WeirError } from '../../core/index.ts';

interface Question {
  readonly call: number;
  readonly name: string;
  readonly values: readonly unknown[];
}
type Answer = { readonly call: number; readonly done: unknown } | { readonly call: number; readonly error: ErrorForm };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: WeirError) => void;
}

/** Until the port is closed. */
export function answerCalls(port: MessagePort, answer: (name: string, values: readonly unknown[]) => Promise<unknown>): void {
  const reply = (said: Answer): void => send(port, said);
  port.on('message', ({ call, name, values }: Question) => {
    answer(name, values).then(
      (done) => reply({ call, done }),
      (thrown: unknown) => reply({ call, error: errorForm(WeirError.from(thrown, 'E_INTERNAL')) }),
    );
  });
}

export class PortCalls {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (answer: Answer) => this.#answered(answer));
    port.on('close', () => this.close());
  }

  /** @throws WeirError what the other side threw; `E_STORE` once it is closed */
  call(name: string, ...values: unknown[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(closedError());
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      send(this.#port, { call, name, values } satisfies Question);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    for (const { reject } of this.#waiting.values()) reject(closedError());
    this.#waiting.clear();
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.call);
    this.#waiting.delete(answer.call);
    if ('done' in answer) waiting?.resolve(answer.done);
    else waiting?.reject(errorOf(answer.error));
  }
}

const closedError = (): WeirError => new WeirError('E_STORE', 'the store is closed', { retry: 'never' });

function send(port: MessagePort, message: unknown): void {
  const memory: TransferListItem[] = [];
  port.postMessage(owned(message, memory), memory);
}

/** The same with bytes in memory of their own: whoever has them may change them, and of a part the whole would be sent. */
function owned(value: unknown, memory: TransferListItem[]): unknown {
  if (value instanceof Uint8Array) {
    const copy = new Uint8Array(value);
    memory.push(copy.buffer);
    return copy;
  }
  if (Array.isArray(value)) return value.map((each) => owned(each, memory));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, owned(each, memory)]));
}
