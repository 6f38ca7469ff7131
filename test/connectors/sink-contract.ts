// What every sink promises. Each kind runs this one suite.
import { expect, test } from 'vitest';
import type { SinkContext, SinkDefinition, SinkWriter } from '../../src/operators/index.ts';
import { batch, epochs, kept, permit, sinkContext } from './connector-fixture.ts';

export interface SinkSubject {
  /** A new process makes it anew; what is outside stays. */
  sink(): SinkDefinition;
  /** What others can see, in any form that can be compared; or a promise of it. */
  visible(): unknown;
}

export interface SinkContractOptions {
  /** At-least-once: a commit that comes again may be seen again. */
  readonly repeats?: boolean;
}

/** @param make a sink over a place where nothing was written yet */
export function sinkContract(
  make: () => SinkSubject | Promise<SinkSubject>,
  { repeats = false }: SinkContractOptions = {},
): void {
  const first = [
    { n: 1, text: 'a' },
    { n: 2, text: 'b' },
  ];
  const second = [{ n: 3, text: 'ü' }];

  const open = (
    subject: SinkSubject,
    overrides: Partial<SinkContext> = {},
    state: readonly unknown[] = [],
  ): Promise<SinkWriter> => subject.sink().open(sinkContext(overrides), state);
  const stage = async (
    writer: SinkWriter,
    epoch: number,
    rows: readonly object[],
  ): Promise<{ staged: unknown; state: readonly unknown[] }> => {
    for (const row of rows) await writer.write(batch(row));
    const staged = kept(await writer.stage(epochs(epoch), false));
    const state = writer.snapshot?.();
    return { staged, state: state === undefined ? [] : [kept(state)] };
  };

  /** What is seen when nothing goes wrong. */
  async function straight(): Promise<unknown> {
    const subject = await make();
    const writer = await open(subject);
    const one = await stage(writer, 1, first);
    await writer.commit(permit(1), one.staged);
    const two = await stage(writer, 2, second);
    await writer.commit(permit(2), two.staged);
    await writer.close?.();
    return await subject.visible();
  }

  test('C3: nothing is visible before its commit', async () => {
    const subject = await make();
    const writer = await open(subject);
    const before = await subject.visible();
    const one = await stage(writer, 1, first);
    expect(await subject.visible()).toEqual(before);
    await writer.commit(permit(1), one.staged);
    const committed = await subject.visible();
    expect(committed).not.toEqual(before);
    await stage(writer, 2, second);
    expect(await subject.visible()).toEqual(committed);
    await writer.close?.();
  });

  test('epochs that were staged while none could be committed are committed in order', async () => {
    const expected = await straight();
    const subject = await make();
    const writer = await open(subject);
    const one = await stage(writer, 1, first);
    const two = await stage(writer, 2, second);
    await writer.commit(permit(1), one.staged);
    await writer.commit(permit(2), two.staged);
    expect(await subject.visible()).toEqual(expected);
    await writer.close?.();
  });

  test('a crash between stage and commit: the restored writer commits the same', async () => {
    const expected = await straight();
    const subject = await make();
    const crashed = await open(subject);
    const one = await stage(crashed, 1, first);
    await crashed.commit(permit(1), one.staged);
    const two = await stage(crashed, 2, second);
    await crashed.close?.();
    const restored = await open(subject, { fresh: false, generation: 2 }, two.state);
    await restored.commit(permit(2, 2), two.staged);
    expect(await subject.visible()).toEqual(expected);
    await restored.close?.();
  });

  test('a staged epoch whose checkpoint was never complete leaves no trace', async () => {
    const expected = await straight();
    const subject = await make();
    const crashed = await open(subject);
    const one = await stage(crashed, 1, first);
    await crashed.commit(permit(1), one.staged);
    await stage(crashed, 2, [{ n: 99, text: 'never' }]);
    await crashed.close?.();
    const restored = await open(subject, { fresh: false, generation: 2 }, one.state);
    const two = await stage(restored, 3, second);
    await restored.commit(permit(3, 2), two.staged);
    if (repeats) return expect(JSON.stringify(await subject.visible())).not.toContain('never');
    expect(withoutEpochs(await subject.visible())).toEqual(withoutEpochs(expected));
    await restored.close?.();
  });

  test.skipIf(repeats)('C4: to commit again, in the same writer and in a restored one, changes nothing', async () => {
    const expected = await straight();
    const subject = await make();
    const writer = await open(subject);
    const one = await stage(writer, 1, first);
    await writer.commit(permit(1), one.staged);
    await writer.commit(permit(1), one.staged);
    const two = await stage(writer, 2, second);
    await writer.commit(permit(2), two.staged);
    await writer.commit(permit(1), one.staged);
    await writer.commit(permit(2), two.staged);
    await writer.close?.();
    const restored = await open(subject, { fresh: false, generation: 2 }, two.state);
    await restored.commit(permit(1, 2), one.staged);
    await restored.commit(permit(2, 2), two.staged);
    expect(await subject.visible()).toEqual(expected);
    await restored.close?.();
  });

  test('an epoch without rows leaves nothing to see', async () => {
    const subject = await make();
    const writer = await open(subject);
    const before = await subject.visible();
    const { staged } = await stage(writer, 1, []);
    if (staged !== undefined) await writer.commit(permit(1), staged);
    expect(await subject.visible()).toEqual(before);
    await writer.close?.();
  });
}

/** Some places say which epoch a row came with; after an aborted epoch that is another one. */
function withoutEpochs(visible: unknown): unknown {
  return JSON.parse(JSON.stringify(visible, (key, value: unknown) => (key === 'epoch' ? undefined : value)));
}
