// From stream to stream: average temperature and humidity of each device in windows of 5 minutes. `examples/sensors.ts` feeds it.
import { avg, from, json, pipeline, type RowOf, schema, type Stream, t, window } from 'weir';
import { jetstream } from 'weir/connectors';

export const Reading = schema({
  deviceId: t.string,
  temperature: t.number.nullable(),
  humidity: t.number.nullable(),
  timestamp: t.timestamp,
});

export const averages = (readings: Stream<RowOf<typeof Reading>>) =>
  readings
    .withWatermark('timestamp', '10 minutes')
    .groupBy(window('timestamp', '5 minutes'), 'deviceId')
    .agg({ avgTemperature: avg('temperature'), avgHumidity: avg('humidity') });

const readings = from(jetstream.source({ stream: 'SENSOR_DATA', format: json(Reading) }));

export default pipeline({
  name: 'device-averages',
  outputs: [
    averages(readings).to(
      jetstream.sink({
        stream: 'AVERAGES',
        subject: (row) => `averages.${row.deviceId}`,
        create: { subjects: ['averages.>'] },
      }),
    ),
  ],
});
