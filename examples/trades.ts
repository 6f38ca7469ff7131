// The mean of the last hundred trades of each symbol, with every tenth of them.
import { avg, countWindow, from, type Params, pipeline, type RowOf, schema, type Stream, t } from 'weir';
import { file, generator } from 'weir/connectors';

export const Trade = schema({ symbol: t.string, price: t.number });

export const means = (trades: Stream<RowOf<typeof Trade>>, size = 100, slide = 10) =>
  trades.groupBy(countWindow(size, { slide }), 'symbol').agg({ mean: avg('price') });

const trades = (rows: number) =>
  generator.source({
    rowsPerSecond: 5000,
    rows,
    row: (i) => ({ symbol: ['ABC', 'DEF', 'GHI'][i % 3]!, price: 100 + ((i * 37) % 11) }),
  });

export default (params: Params) => {
  const typed = from(trades(params.number('rows', 5000))).map((row) => row, Trade);
  return pipeline({ name: 'trades', outputs: [means(typed).to(file.sink({ path: 'means.jsonl' }))] });
};
