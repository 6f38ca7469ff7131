import { asSource, type Format, type Source } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SourceDefinition } from '../../operators/index.ts';
import { lineFormat } from '../formats/index.ts';
import { journalName, JournalReader } from '../journal/index.ts';
import { SocketInput } from './socket-input.ts';

export interface SocketSourceOptions<Row> {
  readonly host: string;
  readonly port: number;
  readonly format: Format<Row>;
}

interface SocketPosition {
  /** Of the next entry in the journal. */
  readonly sequence: number;
}

/**
 * Lines of a TCP connection, each written to the job's journal before it is used: a restart loses nothing that was taken.
 * It waits for its server, and connects again when that has gone. A line is at most 1 MiB long; a longer one is a dead
 * record. A last line that has no end when the connection closes is dropped.
 *
 * @throws WeirError `E_PLAN` for a port that is none, or a format whose records are not lines
 */
export function socketSource<Row extends object>(options: SocketSourceOptions<Row>): Source<Row> {
  const { host, port } = options;
  const where = `socket.source(${host}:${port})`;
  const format = lineFormat(options.format as unknown as Format<never>, where);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new WeirError('E_PLAN', `${where}: ${port} is no port`, { hint: 'give a number from 1 to 65535' });
  if (format.header !== undefined)
    throw new WeirError('E_PLAN', `${where}: a connection has no header line`, { hint: 'leave out `header` of csv()' });
  const definition: SourceDefinition = {
    type: 'source',
    name: `socket ${host}:${port}`,
    guarantee: 'exactly-once',
    schema: format.schema,
    identity: `socket ${host}:${port}, ${format.name}`,
    bounded: false,
    endless: 'its lines come when they come',
    splits: async () => ['0'],
    open: async (split, from, records, context) =>
      new JournalReader({
        split,
        schema: format.schema,
        decode: (record) => format.decode(record),
        from: (from as SocketPosition | undefined)?.sequence ?? 0,
        records,
        place: (sequence) => `${host}:${port}, line ${sequence + 1}`,
        input: new SocketInput(host, port, format.blankLines === 'skip', context),
        context,
      }),
    release: async (_split, before, context) =>
      context.journal.release(journalName(context), (before as SocketPosition).sequence),
  };
  return asSource<Row>(definition);
}
