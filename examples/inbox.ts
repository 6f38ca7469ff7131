// Readings that come as files in a folder, counted whenever somebody runs it: weir run examples/inbox.ts --trigger available-now
import { avg, count, from, json, type Params, pipeline, schema, t, window } from 'weir';
import { file } from 'weir/connectors';

const Reading = schema({ device: t.string, temperature: t.number, at: t.timestamp });

export default (params: Params) => {
  // One ordered list of files: its watermark is that of the latest of them.
  const readings = from(file.source({ path: params.string('folder', 'inbox'), format: json(Reading), watch: true }));
  const perHour = readings
    .withWatermark('at', '15 minutes')
    .groupBy(window('at', '1 hour'), 'device')
    .agg({ readings: count(), mean: avg('temperature') });
  return pipeline({ name: 'inbox', outputs: [perHour.to(file.sink({ path: params.string('out', 'hours.jsonl') }))] });
};
