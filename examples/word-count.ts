// Count the words of a TCP stream. `nc -lk 9999`, then `npx weir run examples/word-count.ts`, then type into nc.
import { from, type Params, type Pipeline, pipeline, text } from 'weir';
import { socket, stdout } from 'weir/connectors';

export default (params: Params): Pipeline => {
  const host = params.string('host', 'localhost');
  const port = params.number('port', 9999);

  const words = from(socket.source({ host, port, format: text() })).flatMap((line) =>
    line.value
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => ({ word })),
  );

  return pipeline({
    name: 'word-count',
    outputs: [
      words
        .groupBy('word')
        .count()
        .to(stdout.sink({ rows: 10 }), { mode: 'update', every: '2 seconds' }),
    ],
  });
};
