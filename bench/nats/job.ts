// From stream to stream through a filter: what bench/nats/by-hand.mjs does by hand, at least once.
import { from, json, type Params, type Pipeline, pipeline, schema, t } from 'weir';
import { jetstream } from 'weir/connectors';

const Reading = schema({
  deviceId: t.string,
  temperature: t.number,
  humidity: t.number,
  timestamp: t.number,
  serial: t.number,
});

export default (params: Params): Pipeline => {
  const servers = params.string('servers');
  const perMessage = params.number('perMessage', 1) === 1 ? 'one' : 'lines';
  const least = params.number('least');
  const guarantee = params.string('guarantee', 'at-least-once') === 'exactly-once' ? 'exactly-once' : 'at-least-once';
  const readings = from(jetstream.source({ servers, stream: 'IN', format: json(Reading), perMessage }));
  return pipeline({
    name: 'bench-nats',
    outputs: [
      readings
        .filter((row) => row.temperature >= least)
        .to(jetstream.sink({ servers, stream: 'OUT', subject: 'out.rows', guarantee, perMessage })),
    ],
  });
};
