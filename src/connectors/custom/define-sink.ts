import { asSink, type CommitPermit, type Field, type Sink, type SinkContext, type SinkWriter } from '../../api/index.ts';
import type { Batch } from '../../batch/index.ts';
import { type Epoch, WeirError } from '../../core/index.ts';
import type { CommitPermit as EnginePermit, SinkWriter as EngineWriter } from '../../operators/index.ts';
import type { Guarantee, OutputMode } from '../../plan/index.ts';
import { FieldValue } from './field-value.ts';

export interface CustomSink<Row extends object, Staged, Modes extends OutputMode> {
  readonly name: string;
  readonly guarantee: Guarantee;
  /** Append, unless said. */
  readonly modes?: readonly Modes[];
  /** What `stage` returns, as checkpoints keep it. */
  readonly staged: Field<any, Staged>;
  open(context: SinkContext): Promise<SinkWriter<Row, Staged>>;
}

/**
 * A sink of one's own. Order of calls: open, (write*, stage, commit)*, close. `stage(n)` comes at barrier n; what it
 * returns is kept in checkpoint n; `commit` comes only when that is complete, and comes again after a crash: it must
 * recognise what is already done.
 *
 * @throws WeirError `E_PLAN` without a name
 */
export function defineSink<Row extends object, Staged, const Modes extends OutputMode = 'append'>(
  definition: CustomSink<Row, Staged, Modes>,
): Sink<Row, Modes> {
  const { name, guarantee, modes = ['append'] } = definition;
  if (typeof name !== 'string' || name === '') throw new WeirError('E_PLAN', 'defineSink() needs a name');
  const value = new FieldValue<Staged>(definition.staged, `sink ${name}: staged`);
  return asSink<Row, Modes>({
    type: 'sink',
    name,
    guarantee,
    modes,
    single: false,
    identity: `sink ${name}`,
    async open({ job, subtask, generation, signal }) {
      return new CustomWriter<Row, Staged>(await definition.open({ job, subtask, generation, signal }), value);
    },
  });
}

class CustomWriter<Row extends object, Staged> implements EngineWriter {
  readonly #writer: SinkWriter<Row, Staged>;
  readonly #value: FieldValue<Staged>;

  constructor(writer: SinkWriter<Row, Staged>, value: FieldValue<Staged>) {
    this.#writer = writer;
    this.#value = value;
  }

  write(batch: Batch): void | Promise<void> {
    return this.#writer.write(Array.from({ length: batch.length }, (_, i) => batch.row(i) as Row));
  }

  async stage(epoch: Epoch): Promise<unknown> {
    return this.#value.encode(await this.#writer.stage(epoch));
  }

  commit(permit: EnginePermit, staged: unknown): Promise<void> {
    return this.#writer.commit(permit as unknown as CommitPermit, this.#value.decode(staged));
  }

  async close(): Promise<void> {
    await this.#writer.close?.();
  }
}
