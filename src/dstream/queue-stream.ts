/** Batches from a list: one element each batch, then empty ones. */
import { perEpoch, type Stream, t } from '../api/index.ts';
import { defineSource, from } from '../connectors/index.ts';
import { Boxed, boxed } from './boxed.ts';

/** Whoever holds the list may add to it: an element is read when its batch has come. How many were read is state. */
export function queueRows(batches: readonly (readonly unknown[])[]): Stream<Boxed> {
  return perEpoch(
    from(silence),
    'queueStream()',
    {
      does: 'batches of a queue',
      onEpoch: (_none, { state }) => {
        const read = (state as number | undefined) ?? 0;
        const batch = batches[read];
        return { rows: (batch ?? []).map(boxed), state: batch === undefined ? read : read + 1 };
      },
    },
    Boxed,
  );
}

/** Gives nothing, and has no end: batches come with epochs. */
const silence = defineSource<Boxed, number>({
  name: 'queue',
  schema: Boxed,
  position: t.number,
  read: (_split, _from, { signal }) => ({ [Symbol.asyncIterator]: () => ({ next: () => aborted(signal) }) }),
});

function aborted(signal: AbortSignal): Promise<IteratorReturnResult<undefined>> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ done: true, value: undefined }), { once: true });
  });
}
