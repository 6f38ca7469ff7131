import { asSource, type Source } from '../../api/index.ts';
import { anySchema, unpackValue } from '../../batch/index.ts';
import { journalName, JournalReader } from '../journal/index.ts';
import { IterableInput } from './iterable-input.ts';

interface IterablePosition {
  readonly sequence: number;
}

/**
 * The rows of an iterable, which cannot be read twice: each is written to the job's journal before it is used. A job that is
 * started again reads the journal first, and then what the iterable of the new process gives; if the earlier one had
 * ended, nothing more.
 */
export function iterableSource<Row extends object>(iterable: Iterable<Row> | AsyncIterable<Row>): Source<Row> {
  const input = new IterableInput(iterable);
  return asSource<Row>({
    type: 'source',
    name: 'iterable',
    guarantee: 'exactly-once',
    schema: anySchema,
    identity: 'iterable',
    bounded: false,
    splits: async () => ['0'],
    open: async (split, from, records, context) =>
      new JournalReader({
        split,
        schema: anySchema,
        decode: (record) => unpackValue(record) as object,
        from: (from as IterablePosition | undefined)?.sequence ?? 0,
        records,
        place: (sequence) => `iterable, row ${sequence}`,
        input,
        context,
      }),
    release: async (_split, before, context) =>
      context.journal.release(journalName(context), (before as IterablePosition).sequence),
  });
}
