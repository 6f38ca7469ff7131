/** Plays a list of operations on a server, and tells what it answered: nothing of it depends on when. */
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { createInbox, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { type Expected, filters, type Operation, type OperationList, subjects } from './operations.ts';

export interface Server {
  /** `2.9.10` */
  readonly version: string;
  readonly connection: NatsConnection;
  /** That nothing came in this time says that nothing will. */
  readonly silentMs: number;
  /** Ends it at once, and starts it anew; resolves when the connection is back. */
  restart(): Promise<void>;
}
const expiresNs = 40e6;
const answerMsMax = 5000;

/** @param name of all that it makes, which nothing else has @returns a line for each operation */
export async function play({ shape, operations }: OperationList, server: Server, name: string): Promise<string[]> {
  const player = new Player(server, name);
  const answers = [await player.begin(shape)];
  for (const operation of operations) answers.push(`${operation.kind}: ${await player.one(operation).catch(refusedWith)}`);
  await player.end();
  return answers;
}

class Player {
  readonly #server: Server;
  readonly #name: string;
  #config: object = {};
  #consumers = 0;
  #published = 0;
  #isWhole = true;
  /** Where both the stream and each subject have a limit, a restart of real servers takes replaced messages for ones that are there, and removes others. */
  #isCountedWrong = false;

  constructor(server: Server, name: string) {
    this.#server = server;
    this.#name = name;
  }

  async begin(shape: OperationList['shape']): Promise<string> {
    const { discard_new_per_subject, ...rest } = shape;
    this.#isCountedWrong = shape.max_msgs > 0 && shape.max_msgs_per_subject > 0;
    this.#config = {
      name: this.#name,
      subjects: [`${this.#name}.>`],
      storage: 'file',
      retention: 'limits',
      ...rest,
      ...(discard_new_per_subject && shape.discard === 'new' && shape.max_msgs_per_subject > 0
        ? { discard_new_per_subject }
        : {}),
    };
    return this.#made(this.#config);
  }

  async end(): Promise<void> {
    for (const stream of [this.#name, `KV_${this.#name}`, `OBJ_${this.#name}`]) await this.#api(`STREAM.DELETE.${stream}`, {});
  }

  one(operation: Operation): Promise<string> {
    switch (operation.kind) {
      case 'publish':
        return this.#publish(operation);
      case 'get':
        return this.#get(operation);
      case 'remove':
        this.#removed();
        return this.#api(`STREAM.MSG.DELETE.${this.#name}`, { seq: operation.seq, no_erase: true }).then(outcome);
      case 'purge':
        return this.#purge(operation);
      case 'info':
        return this.#info(operation.subjects);
      case 'consumer':
        return this.#consumer(operation);
      case 'pull':
        return this.#pull(operation);
      case 'drop consumer':
        return this.#api(`CONSUMER.DELETE.${this.#name}.c${this.#consumers}`, {}).then(outcome);
      case 'make again':
        return this.#made(operation.otherwise ? { ...this.#config, max_age: 86_400e9 } : this.#config);
      case 'restart':
        return this.#isWhole && !this.#isCountedWrong ? this.#server.restart().then(() => 'done') : Promise.resolve('left out');
      case 'kv':
        return this.#kv(operation);
      case 'object':
        return this.#object(operation);
    }
  }

  /** A kill may bring back what was removed, and what a consumer that was there then still has to give differs by version. */
  #removed(): void {
    this.#isWhole = false;
    this.#consumers++;
  }

  /** 2.9 does not find the last message of a subject whose last was removed, and loses count of its own end. */
  get #isUncertain(): boolean {
    return !this.#isWhole && Number(this.#server.version.split('.')[1]) < 10;
  }

  async #made(config: object): Promise<string> {
    const made = await this.#api(`STREAM.CREATE.${this.#name}`, config);
    const { description: _, ...rest } = (made['config'] ?? {}) as Record<string, unknown>;
    return `${outcome(made)} ${JSON.stringify(sorted(pick(rest, Object.keys(this.#config))))}`;
  }

  async #state(): Promise<{ last: number; ofSubject: (subject: string) => Promise<number> }> {
    const { state } = (await this.#api(`STREAM.INFO.${this.#name}`, {})) as { state?: { last_seq: number } };
    const ofSubject = async (subject: string): Promise<number> => {
      const found = await this.#api(`STREAM.MSG.GET.${this.#name}`, { last_by_subj: subject });
      return (found['message'] as { seq: number } | undefined)?.seq ?? 0;
    };
    return { last: state?.last_seq ?? 0, ofSubject };
  }

  async #publish(wish: Operation & { readonly kind: 'publish' }): Promise<string> {
    const subject = `${this.#name}.${subjects[wish.subject]}`;
    const { last, ofSubject } = await this.#state();
    const lines = headers();
    if (wish.id !== null) lines.set('Nats-Msg-Id', `id-${wish.id}`);
    if (wish.sequence !== 'none' && !this.#isUncertain) lines.set('Nats-Expected-Last-Sequence', number(wish.sequence, last));
    if (wish.ofSubject !== 'none' && !this.#isUncertain)
      lines.set('Nats-Expected-Last-Subject-Sequence', number(wish.ofSubject, await ofSubject(subject)));
    if (wish.lastId !== null) lines.set('Nats-Expected-Last-Msg-Id', `id-${wish.lastId}`);
    if (wish.stream !== 'none') lines.set('Nats-Expected-Stream', wish.stream === 'right' ? this.#name : 'another');
    if (wish.rollup !== 'none') this.#removed();
    if (wish.rollup !== 'none') lines.set('Nats-Rollup', wish.rollup);
    const body = `${++this.#published}:`.padEnd(wish.size, '.');
    const reply = await this.#server.connection.request(subject, body, { headers: lines, timeout: answerMsMax });
    const { seq, duplicate, error } = reply.json<{ seq?: number; duplicate?: boolean; error?: { err_code: number } }>();
    return error === undefined ? `${seq}${duplicate === true ? ' again' : ''}` : `error ${error.err_code}`;
  }

  async #get({ by, subject, seq, direct }: Operation & { readonly kind: 'get' }): Promise<string> {
    if (by === 'last' && this.#isUncertain) return 'left out';
    const of = `${this.#name}.${subjects[subject]}`;
    const query = by === 'seq' ? { seq: Math.max(1, seq) } : by === 'last' ? { last_by_subj: of } : { next_by_subj: of, seq };
    if (!direct) {
      const found = await this.#api(`STREAM.MSG.GET.${this.#name}`, query);
      const message = found['message'] as { subject: string; seq: number; data?: string; hdrs?: string } | undefined;
      if (message === undefined) return outcome(found);
      const text = Buffer.from(message.data ?? '', 'base64').toString();
      return `${message.seq} ${message.subject} ${text.length} ${text.slice(0, 4)} ${ownHeaders(Buffer.from(message.hdrs ?? '', 'base64').toString())}`;
    }
    try {
      const found = await this.#server.connection.request(`$JS.API.DIRECT.GET.${this.#name}`, JSON.stringify(query), {
        timeout: this.#server.silentMs,
      });
      if ((found.headers?.code ?? 0) > 0) return `status ${found.headers!.code}`;
      const { headers: about } = found;
      return `${about?.get('Nats-Sequence')} ${about?.get('Nats-Subject')} ${about?.get('Nats-Msg-Id')} ${found.string().slice(0, 4)}`;
    } catch (error) {
      return (error as Error).message.includes('no responders') ? 'nobody' : (error as Error).message;
    }
  }

  async #purge({ filter, seq, keep }: Operation & { readonly kind: 'purge' }): Promise<string> {
    this.#removed();
    const answer = await this.#api(`STREAM.PURGE.${this.#name}`, {
      ...(filter === null ? {} : { filter: `${this.#name}.${filters[filter]}` }),
      ...(seq > 1 ? { seq } : {}),
      ...(keep > 0 ? { keep } : {}),
    });
    return `${outcome(answer)} ${Number(answer['purged'] ?? 0)}`;
  }

  async #info(withSubjects: boolean): Promise<string> {
    const answer = await this.#api(`STREAM.INFO.${this.#name}`, withSubjects ? { subjects_filter: '>' } : {});
    const state = (answer['state'] ?? {}) as Record<string, unknown>;
    const shown = pick(state, ['messages', 'first_seq', 'last_seq', 'num_subjects', 'num_deleted', 'bytes']);
    if (shown['messages'] === 0) shown['first_seq'] = 'none';
    return JSON.stringify([sorted(shown), sorted((state['subjects'] ?? {}) as Record<string, unknown>)]);
  }

  async #consumer({ filter, from, policy }: Operation & { readonly kind: 'consumer' }): Promise<string> {
    if (policy === 'last' && this.#isUncertain) return 'left out';
    const name = `c${++this.#consumers}`;
    const subject = filter === null ? undefined : `${this.#name}.${filters[filter]}`;
    const config = {
      name,
      ack_policy: 'none',
      deliver_policy: policy === 'sequence' ? 'by_start_sequence' : policy,
      ...(policy === 'sequence' ? { opt_start_seq: from } : {}),
      inactive_threshold: 60e9,
      mem_storage: true,
      num_replicas: 1,
      ...(subject === undefined ? {} : { filter_subject: subject }),
    };
    const verb = `CONSUMER.CREATE.${this.#name}.${name}${subject === undefined ? '' : `.${subject}`}`;
    const answer = await this.#api(verb, { stream_name: this.#name, config, action: 'create' });
    return `${outcome(answer)} ${Number(answer['num_pending'] ?? 0) > 0}`;
  }

  /** All that comes until the request has ended. */
  async #pull({ batch, bytes, waits }: Operation & { readonly kind: 'pull' }): Promise<string> {
    const { connection } = this.#server;
    const inbox = createInbox();
    const got: string[] = [];
    const subscription = connection.subscribe(inbox);
    const silence = setTimeout(() => subscription.unsubscribe(), this.#server.silentMs);
    const wish = { batch, ...(bytes > 0 ? { max_bytes: bytes } : {}), ...(waits ? { expires: expiresNs } : { no_wait: true }) };
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.#name}.c${this.#consumers}`, JSON.stringify(wish), { reply: inbox });
    for await (const message of subscription) {
      const { headers: about } = message;
      if ((about?.code ?? 0) > 0) {
        got.push(about!.code === 404 || about!.code === 408 ? 'no more' : `status ${about!.code}`);
        break;
      }
      got.push(placeOf(message));
      if (got.length === batch) break;
    }
    clearTimeout(silence);
    return got.join(' ');
  }

  async #kv({ verb, key, revision }: Operation & { readonly kind: 'kv' }): Promise<string> {
    const bucket = await new Kvm(this.#server.connection).create(this.#name, { history: 2 });
    const name = `k${key}`;
    const before = await bucket.get(name);
    const value = `v${++this.#published}`;
    try {
      switch (verb) {
        case 'create':
          return String(await bucket.create(name, value));
        case 'put':
          return String(await bucket.put(name, value));
        case 'update':
          return String(await bucket.update(name, value, Number(number(revision, before?.revision ?? 0))));
        case 'delete':
          return String(await bucket.delete(name).then(() => 'deleted'));
        case 'purge':
          return String(await bucket.purge(name).then(() => 'purged'));
        case 'get':
          return before === null ? 'none' : `${before.revision} ${before.operation} ${before.string()}`;
      }
    } catch (error) {
      return refusedWith(error);
    }
  }

  async #object({ verb, name, size }: Operation & { readonly kind: 'object' }): Promise<string> {
    const store = await new Objm(this.#server.connection).create(this.#name);
    const object = `o${name}`;
    try {
      switch (verb) {
        case 'put': {
          const meta = { name: object, options: { max_chunk_size: 700 } };
          const { chunks, digest } = await store.putBlob(meta, Buffer.alloc(size, ++this.#published));
          return `${chunks} ${digest}`;
        }
        case 'get': {
          const bytes = await store.getBlob(object);
          return bytes === null ? 'none' : `${bytes.length} of ${bytes[0]}`;
        }
        case 'delete':
          return String((await store.delete(object)).success);
        case 'info': {
          const info = await store.info(object);
          return info === null ? 'none' : `${info.size} ${info.chunks} ${info.deleted}`;
        }
      }
    } catch (error) {
      return refusedWith(error);
    }
  }

  async #api(verb: string, body: object): Promise<Record<string, unknown>> {
    const answer = await this.#server.connection.request(`$JS.API.${verb}`, JSON.stringify(body), { timeout: answerMsMax });
    return answer.json();
  }
}

const number = (expected: Exclude<Expected, never>, right: number): string =>
  String(expected === 'right' ? right : expected === 'zero' ? 0 : expected === 'none' ? right : right + 3);

function outcome(answer: Record<string, unknown>): string {
  const { error } = answer as { error?: { err_code: number } };
  return error === undefined ? 'done' : `error ${error.err_code}`;
}

/** Of a delivered message: where it stands. What is still to come is counted behind the publish, and so depends on when it is asked. */
function placeOf({ subject, reply = '', data }: Msg): string {
  const tokens = reply.split('.');
  const [sequence, delivery] = tokens.slice(tokens.length === 9 ? 5 : 7);
  return `${sequence}/${delivery} ${subject} ${Buffer.from(data).toString().slice(0, 4)}`;
}

const ownHeaders = (text: string): string =>
  text
    .split('\r\n')
    .filter((line) => line.startsWith('Nats-Msg-Id'))
    .join();

const refusedWith = (error: unknown): string => {
  const { code, message } = error as { code?: number; message: string };
  return code === undefined ? message.replaceAll(/\d+/g, 'n') : `error ${code}`;
};

const pick = (from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));
const sorted = (from: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(from).toSorted(([a], [b]) => (a < b ? -1 : 1)));
