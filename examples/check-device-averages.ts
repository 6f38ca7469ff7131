// What device-averages.ts is held to while its processes are killed, paused and cut off:
//
//   npx weir chaos examples/device-averages.ts --check examples/check-device-averages.ts --minutes 1
//
// The input, sent until it is taken, and after the faults a plain computation over all of it, against what the job has written.
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ChaosFindings, ChaosWorld } from 'weir/testing';

interface Reading {
  readonly deviceId: string;
  readonly temperature: number;
  readonly humidity: number;
  readonly timestamp: string;
}

const begin = Date.parse('2026-01-01T00:00:00Z');
const minute = 60_000;
const devices = 10;

export async function setup({ nats }: ChaosWorld): Promise<void> {
  await (await jetstreamManager(nats)).streams.add({ name: 'SENSOR_DATA', subjects: ['sensors.>'] });
}

/** A minute of readings every 10 ms, out of order by less than the ten minutes that the job waits. */
export async function workload({ nats, random, signal }: ChaosWorld & { readonly signal: AbortSignal }): Promise<void> {
  for (let now = 0; !signal.aborted; now++) {
    const deviceId = `device-${Math.floor(random() * devices)}`;
    const at = begin + (now - random() * 9) * minute;
    const temperature = Math.floor(random() * 40);
    await send(nats, { deviceId, temperature, humidity: Math.floor(random() * 100), timestamp: new Date(at).toISOString() }, now);
    await sleep(10);
  }
}

/** Under an id, so that what was taken without our hearing of it is not there twice. */
async function send(nats: NatsConnection, reading: Reading, n: number): Promise<void> {
  for (;;) {
    try {
      await jetstream(nats).publish(`sensors.${reading.deviceId}`, JSON.stringify(reading), { msgID: String(n), timeout: 1000 });
      return;
    } catch {
      await sleep(100); // the server is away
    }
  }
}

export default async function check({ nats }: ChaosWorld): Promise<ChaosFindings> {
  const written = await readAll<{ window: { start: number }; deviceId: string; avgTemperature: number; avgHumidity: number }>(
    nats,
    'AVERAGES',
  );
  const wanted = expected(await readAll<Reading>(nats, 'SENSOR_DATA')); // last: nothing was written that was not there to read
  const seen = new Set<string>();
  const latest = new Map<string, number>();
  let duplicated = 0;
  let reordered = 0;
  for (const { window, deviceId, avgTemperature, avgHumidity } of written) {
    const { start } = window; // ms since 1970
    const key = `${deviceId} ${start}`;
    if (seen.has(key) || wanted.get(key) !== `${avgTemperature} ${avgHumidity}`)
      duplicated++; // or wrong
    else if (start < (latest.get(deviceId) ?? 0)) reordered++;
    seen.add(key);
    latest.set(deviceId, Math.max(start, latest.get(deviceId) ?? 0));
  }
  const lost = [...wanted.keys()].filter((key) => !seen.has(key)).length;
  return { lost, duplicated, reordered, rows: wanted.size };
}

/** By device and window, those that the watermark has passed. */
function expected(readings: readonly Reading[]): Map<string, string> {
  const watermark = Math.max(...readings.map(({ timestamp }) => Date.parse(timestamp))) - 10 * minute;
  const windows = new Map<string, Reading[]>();
  for (const reading of readings) {
    const start = Math.floor(Date.parse(reading.timestamp) / (5 * minute)) * 5 * minute;
    if (start + 5 * minute > watermark) continue;
    const key = `${reading.deviceId} ${start}`;
    windows.set(key, [...(windows.get(key) ?? []), reading]);
  }
  const average = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  return new Map(
    [...windows].map(([key, all]) => [
      key,
      `${average(all.map(({ temperature }) => temperature))} ${average(all.map(({ humidity }) => humidity))}`,
    ]),
  );
}

async function readAll<T>(nats: NatsConnection, stream: string): Promise<T[]> {
  const { state } = await (await jetstreamManager(nats)).streams.info(stream);
  const found: T[] = [];
  if (state.messages === 0) return found;
  const consumer = await jetstream(nats).consumers.get(stream);
  for await (const message of await consumer.consume()) {
    if (message.headers?.has('Weir-Fence') !== true) found.push(message.json<T>()); // a fence is no row
    if (message.seq >= state.last_seq) break;
  }
  return found;
}
