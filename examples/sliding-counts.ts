// Readings of each device in windows of 5 minutes that slide by a minute, as a table. `examples/sensors.ts` feeds it.
import { from, json, type Params, type Pipeline, pipeline, schema, t, window } from 'weir';
import { jetstream, stdout } from 'weir/connectors';

const Event = schema({ deviceId: t.string, timestamp: t.timestamp });

const windowedCounts = from(jetstream.source({ stream: 'INPUT', format: json(Event) }))
  .withWatermark('timestamp', '10 minutes')
  .groupBy(window('timestamp', '5 minutes', { slide: '1 minute' }), 'deviceId')
  .count();

export default (params: Params): Pipeline =>
  pipeline({
    name: 'sliding-counts',
    outputs: [windowedCounts.to(stdout.sink({ rows: params.number('rows', 20) }), { mode: 'complete' })],
  });
