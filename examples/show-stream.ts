// The messages of a stream, as tables: `npx weir run examples/show-stream.ts --transport memory -- stream=AVERAGES`
import { from, json, type Params, type Pipeline, pipeline } from 'weir';
import { jetstream, stdout } from 'weir/connectors';

export default (params: Params): Pipeline => {
  const stream = params.string('stream');
  return pipeline({
    name: `show-${stream}`,
    outputs: [from(jetstream.source({ stream, format: json() })).to(stdout.sink({ truncate: false }))],
  });
};
