/**
 * Time, chance and timers of a simulated process in place of the machine's, while a life is lived: what user code reads of them follows
 * from the seed, and what it starts dies with its process.
 *
 * Owns: which globals and modules of Node are replaced, and that all of them come back. A reference that was kept before (`const { random }
 * = Math`), and `getRandomValues` of node:crypto, are the machine's own: that cannot be changed from here. Invariants: VG1 after `restore` everything is as it was.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { callSite } from '../../api/index.ts';
import { type Random, seededRandom, WeirError } from '../../core/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Planned, Timeline } from './timeline.ts';

const require = createRequire(import.meta.url);
const epochMs = 946_684_800_000;
type Callback = (...args: unknown[]) => void;

interface Replaced {
  readonly of: object;
  readonly name: PropertyKey;
  readonly before: PropertyDescriptor | undefined;
}

/** Puts the world's own in place of the machine's. @returns what undoes it */
export function virtualGlobals(timeline: Timeline, seed: number): () => void {
  const surroundings = new Surroundings(timeline, seededRandom(seed));
  const replaced: Replaced[] = [];
  const replace = (of: object, name: PropertyKey, value: unknown): void => {
    replaced.push({ of, name, before: Object.getOwnPropertyDescriptor(of, name) });
    Object.defineProperty(of, name, { value, configurable: true, writable: true });
  };
  replaceTime(surroundings, replace);
  replaceTimers(surroundings, replace);
  replaceChance(surroundings, replace);
  refuseTheOutside(replace);
  syncBuiltinESMExports();
  return () => {
    for (const { of, name, before } of replaced.toReversed()) {
      if (before === undefined) Reflect.deleteProperty(of, name);
      else Object.defineProperty(of, name, before);
    }
    syncBuiltinESMExports();
  };
}

type Replace = (of: object, name: PropertyKey, value: unknown) => void;

/** Those of the process that is at work, or of the world where none is. */
class Surroundings {
  readonly #timeline: Timeline;
  readonly #random: Random;

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  now(): number {
    return this.#process?.clock.now() ?? epochMs + Math.floor(this.#timeline.now);
  }

  monotonic(): number {
    return this.#timeline.now;
  }

  random(): number {
    return (this.#process?.random ?? this.#random).next();
  }

  after(delayMs: number, fn: () => void): Planned {
    const delay = Math.max(0, Number.isFinite(delayMs) ? delayMs : 0);
    const process = this.#process;
    return process === null ? this.#timeline.after(delay, 'a timer', fn) : process.after(delay, 'a timer', fn);
  }

  get #process(): SimulatedProcess | null {
    return this.#timeline.atWork as SimulatedProcess | null;
  }
}

function replaceTime(world: Surroundings, replace: Replace): void {
  const real = Date;
  const virtual: DateConstructor = new Proxy(real, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [world.now()] : args, newTarget === virtual ? target : newTarget) as object,
    apply: () => new real(world.now()).toString(),
    get: (target, name) => (name === 'now' ? () => world.now() : Reflect.get(target, name)),
  });
  replace(globalThis, 'Date', virtual);
  replace(performance, 'now', () => world.monotonic());
  const hrtime = (before?: [number, number]): [number, number] => {
    const ms = world.monotonic() - (before === undefined ? 0 : before[0] * 1000 + before[1] / 1e6);
    return [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1e6)];
  };
  replace(process, 'hrtime', Object.assign(hrtime, { bigint: () => BigInt(Math.floor(world.monotonic() * 1e6)) }));
  replace(process, 'uptime', () => world.monotonic() / 1000);
}

/** What `setTimeout` gives: it keeps no process of the machine alive. */
class VirtualTimer {
  planned: Planned;

  constructor(planned: Planned) {
    this.planned = planned;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  close(): this {
    this.planned.cancel();
    return this;
  }
  [Symbol.dispose](): void {
    this.planned.cancel();
  }
}

function replaceTimers(world: Surroundings, replace: Replace): void {
  const timeout = (fn: Callback, delayMs = 0, ...args: unknown[]): VirtualTimer =>
    new VirtualTimer(world.after(delayMs, () => fn(...args)));
  const interval = (fn: Callback, delayMs = 0, ...args: unknown[]): VirtualTimer => {
    const timer: VirtualTimer = new VirtualTimer(world.after(delayMs, again));
    function again(): void {
      timer.planned = world.after(Math.max(1, delayMs), again);
      fn(...args);
    }
    return timer;
  };
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.planned.cancel();
  };
  const callbacks = {
    setTimeout: timeout,
    setInterval: interval,
    setImmediate: (fn: Callback, ...args: unknown[]) => timeout(fn, 0, ...args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
  const timers = require('node:timers') as object;
  for (const [name, value] of Object.entries(callbacks)) {
    replace(globalThis, name, value);
    replace(timers, name, value);
  }
  const wait = (delayMs = 0, value?: unknown): Promise<unknown> =>
    new Promise((resolve) => void world.after(delayMs, () => resolve(value)));
  const promises = require('node:timers/promises') as object;
  replace(promises, 'setTimeout', wait);
  replace(promises, 'setImmediate', (value?: unknown) => wait(0, value));
  replace(promises, 'setInterval', refused('setInterval of node:timers/promises'));
  replace(AbortSignal, 'timeout', (delayMs: number) => {
    const controller = new AbortController();
    world.after(delayMs, () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
    return controller.signal;
  });
}

function replaceChance(world: Surroundings, replace: Replace): void {
  const fill = <A extends ArrayBufferView>(into: A): A => {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(world.random() * 256);
    return into;
  };
  const uuid = (): string => {
    const bytes = fill(new Uint8Array(16));
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return Buffer.from(bytes)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  replace(Math, 'random', () => world.random());
  replace(globalThis.crypto, 'randomUUID', uuid);
  replace(globalThis.crypto, 'getRandomValues', fill);
  const module = require('node:crypto') as object;
  replace(module, 'randomUUID', uuid);
  replace(module, 'randomBytes', (size: number) => fill(Buffer.alloc(size)));
  replace(module, 'randomInt', (a: number, b?: number) => {
    const [least, most] = b === undefined ? [0, a] : [a, b];
    return least + Math.floor(world.random() * (most - least));
  });
}

function refuseTheOutside(replace: Replace): void {
  replace(globalThis, 'fetch', refused('fetch'));
  replace(globalThis, 'WebSocket', refused('WebSocket'));
  const { Socket } = require('node:net') as { Socket: { prototype: object } };
  replace(Socket.prototype, 'connect', refused('a socket'));
}

const refused = (what: string): (() => never) =>
  function refuse(): never {
    throw new WeirError('E_NOT_SIMULATED', `${callSite()} uses ${what}: there is no such thing in a simulated world`);
  };
