// Sensors for the other examples: readings into the stream SENSOR_DATA, and who sent one when into INPUT.
// `npx weir run examples/sensors.ts --transport memory -- rows=20000 rate=200`
import { createHash } from 'node:crypto';
import { from, type Params, type Pipeline, pipeline, timestamp } from 'weir';
import { generator, jetstream } from 'weir/connectors';
import { Reading } from './device-averages.ts';

const minuteMs = 60_000;
const begin = timestamp('2026-01-01T00:00Z');
/** Of the sensors' time, from one reading to the next: at 200 readings a second, ten minutes pass in one. */
const stepMs = 3000;

/** The same for the same seed and index, so that a job that goes on sends what an undisturbed one would have sent. */
function reading(seed: number, devices: number, index: number) {
  const drawn = createHash('sha256').update(`${seed}:${index}`).digest();
  const chance = (n: number): number => drawn.readUInt32LE(4 * n) / 2 ** 32;
  const measured = (n: number, least: number, most: number): number | null =>
    chance(n) < 0.02 ? null : Math.round(10 * (least + (most - least) * chance(n + 1))) / 10;
  return {
    deviceId: `device-${1 + Math.floor(devices * chance(0))}`,
    temperature: measured(1, 15, 25),
    humidity: measured(3, 30, 70),
    timestamp: timestamp(begin + index * stepMs - delayMs(chance(5), chance(6))),
  };
}

/** Half of the readings come at once, most others within eight minutes, and two in a hundred after ten to thirty. */
function delayMs(kind: number, length: number): number {
  if (kind < 0.5) return 0;
  return Math.floor((kind < 0.98 ? 8 * length : 10 + 20 * length) * minuteMs);
}

export default (params: Params): Pipeline => {
  const rows = params.number('rows', 20_000);
  const rate = params.number('rate', 200);
  const devices = params.number('devices', 4);
  const seed = params.number('seed', 1);

  const source = generator.source({ rowsPerSecond: rate, rows, row: (index) => reading(seed, devices, index) });
  const readings = from(source).map((row) => row, Reading);
  const stream = (name: string, prefix: string) =>
    jetstream.sink<{ readonly deviceId: string }>({
      stream: name,
      subject: ({ deviceId }) => `${prefix}.${deviceId}`,
      create: { subjects: [`${prefix}.>`] },
    });

  return pipeline({
    name: 'sensors',
    outputs: [
      readings.to(stream('SENSOR_DATA', 'sensors')),
      readings.select('deviceId', 'timestamp').to(stream('INPUT', 'input')),
    ],
  });
};
