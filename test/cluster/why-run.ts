/** A job that can be asked why something of a key is open. */
import { asSink, type EventTime, type Output, schema, type Stream, t } from '../../src/api/index.ts';
import { from } from '../../src/connectors/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';
import { testSource } from '../../src/testing/test-source.ts';

const Reading = schema({ id: t.string, n: t.number, at: t.timestamp });
const Note = schema({ id: t.string, text: t.string, noted: t.timestamp });
type Timed<R, C extends keyof R> = Stream<Omit<R, C> & Record<C, EventTime>>;
type Readings = Timed<{ id: string; n: number; at: EventTime }, 'at'>;
type Notes = Timed<{ id: string; text: string; noted: EventTime }, 'noted'>;

export const minute = 60_000;
export const at = (minutes: number): string => new Date(minutes * minute).toISOString();

/** At parallelism 3. Readings and notes may come a minute late. */
export async function whyRun(of: (readings: Readings, notes: Notes) => object) {
  const readings = testSource(Reading);
  const notes = testSource(Note);
  const stream = of(
    from(readings).withWatermark('at', '1 minute') as never,
    from(notes).withWatermark('noted', '1 minute') as never,
  );
  const rows = new CommittedRows();
  const output = (stream as { to(sink: unknown): Output }).to(asSink(rows.definition));
  const run = new StreamRun({ output, rows, parallelism: 3 });
  await run.start();
  const push = async (id: string, n: number, minutes: number): Promise<void> => {
    readings.push({ id, n, at: minutes * minute });
    await run.settle();
  };
  const note = async (id: string, text: string, minutes: number): Promise<void> => {
    notes.push({ id, text, noted: minutes * minute });
    await run.settle();
  };
  /** Of one key of the only operator that can be asked, or of this one: what it holds, and the lines behind where it is. */
  const open = async (key: string, operator?: string) => {
    const [asked] = (await run.why(operator, key)).operators;
    return { ...asked!.key!, kind: asked!.kind, says: asked!.says.slice(1) };
  };
  return { run, push, note, open };
}
