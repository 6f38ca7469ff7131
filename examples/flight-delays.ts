// The main job: departure delays per origin airport and day, over flights in the order in which they really left.
import { join } from 'node:path';
import { avg, count, from, type JobStatus, json, max, type Params, type Pipeline, pipeline, schema, t, window } from 'weir';
import { file } from 'weir/connectors';
import { printResult } from './flight-report.ts';
import { flightsInOrder } from './flights.ts';

const Flight = schema({
  date: t.timestampOf('yyyy/MM/dd HH:mm'),
  delay: t.number,
  distance: t.number,
  origin: t.string,
  destination: t.string,
});

export default async (params: Params): Promise<Pipeline> => {
  const output = params.string('output', 'out');
  const rate = params.number('rate', 4000);
  const input = params.string('input', '') || (await flightsInOrder());

  const perDay = from(file.source({ path: input, format: json(Flight), rate }))
    .withWatermark('date', '30 minutes')
    .groupBy(window('date', '1 day'), 'origin')
    .agg({ flights: count(), avgDelay: avg('delay'), maxDelay: max('delay') });

  const results = perDay.map(({ window, origin, flights, avgDelay, maxDelay }) => ({
    origin,
    day: new Date(window.start).toISOString().slice(0, 10),
    flights,
    avgDelay,
    maxDelay,
  }));

  return pipeline({
    name: 'flight-delays',
    outputs: [
      results.to(file.sink({ path: join(output, 'result.jsonl') })),
      perDay.late().to(file.sink({ path: join(output, 'late.jsonl') })),
    ],
  });
};

export const finished = (status: JobStatus, params: Params): Promise<void> => printResult(status, params.string('output', 'out'));
