import { describe, expect, test } from 'vitest';
import { JournalIntake, journalName } from '../../src/connectors/journal/index.ts';
import type { Journal } from '../../src/state/index.ts';
import { sourceContext, turns, until } from './connector-fixture.ts';

const readsOf = (journal: Journal): Omit<Journal, 'append'> => ({
  read: (...args) => journal.read(...args),
  end: (name) => journal.end(name),
  release: (...args) => journal.release(...args),
  list: () => journal.list(),
  begin: (...args) => journal.begin(...args),
});

/** A journal whose appends wait until they are let through. */
function slowJournal(): { readonly journal: Journal; readonly appends: number[]; readonly release: () => void } {
  const { journal } = sourceContext();
  const appends: number[] = [];
  let release = (): void => {};
  return {
    appends,
    release: () => release(),
    journal: {
      ...readsOf(journal),
      async append(name, values) {
        appends.push(values.length);
        await new Promise<void>((resolve) => (release = resolve));
        return journal.append(name, values);
      },
    },
  };
}

const bytes = (...values: number[]): Uint8Array[] => values.map((value) => Uint8Array.of(value));

describe('JournalIntake', () => {
  test('J1: a record is handed over only once it is durable, and its giver is told', async () => {
    const { journal, release } = slowJournal();
    const intake = new JournalIntake(journal, 'a');
    const seen: string[] = [];
    intake.offer(bytes(1), () => void seen.push('durable'));
    const taken = intake.take(10).then((entries) => void seen.push(`taken ${entries.length}`));
    await turns();
    expect(seen).toEqual([]);
    release();
    await taken;
    expect(seen).toEqual(['durable', 'taken 1']);
  });

  test('J2: records are handed over in the order of the journal, each once; a slow disk makes larger appends, not more', async () => {
    const { journal, appends, release } = slowJournal();
    const intake = new JournalIntake(journal, 'a');
    intake.offer(bytes(0));
    for (let i = 1; i < 9; i++) intake.offer(bytes(i));
    release();
    await until(() => appends.length === 2);
    release();
    const taken = [...(await intake.take(1)), ...(await intake.take(3))];
    while (taken.length < 9) taken.push(...(await intake.take(3)));
    expect(appends).toEqual([1, 8]);
    expect(taken.map(({ sequence, value }) => [sequence, value[0]])).toEqual(Array.from({ length: 9 }, (_, i) => [i, i]));
  });

  test('J3: once closed it writes nothing more, and waits for the append that is under way', async () => {
    const { journal, appends, release } = slowJournal();
    const intake = new JournalIntake(journal, 'a');
    intake.offer(bytes(0));
    intake.offer(bytes(1));
    let closed = false;
    const closing = intake.close(new Error('closed')).then(() => void (closed = true));
    intake.offer(bytes(2));
    await turns();
    expect(closed).toBe(false);
    release();
    await closing;
    expect(appends).toEqual([1]);
    expect(await journal.end('a')).toBe(1);
  });

  test('has no room while its reader is far behind, by number or by bytes', async () => {
    for (const offered of [
      Array.from({ length: 4096 }, () => Uint8Array.of(1)),
      Array.from({ length: 8 }, () => new Uint8Array(1024 * 1024)),
    ]) {
      const intake = new JournalIntake(sourceContext().journal, 'a');
      expect(intake.full).toBe(false);
      intake.offer(offered);
      expect(intake.full).toBe(true);
      const room = intake.room();
      await intake.take(1);
      await room;
      expect(intake.full).toBe(false);
    }
  });

  test('tells the reader why no more comes, after what is durable', async () => {
    const broken = new Error('no more');
    const intake = new JournalIntake(sourceContext().journal, 'a');
    intake.offer(bytes(1));
    expect((await intake.take(5)).length).toBe(1);
    const waiting = intake.take(5);
    intake.fail(broken);
    await expect(waiting).rejects.toBe(broken);
    await intake.room();
  });

  test('a journal that fails, fails the reader', async () => {
    const { journal } = sourceContext();
    const intake = new JournalIntake({ ...readsOf(journal), append: () => Promise.reject(new Error('disk full')) }, 'a');
    intake.offer(bytes(1));
    await expect(intake.take(1)).rejects.toThrow('disk full');
  });
});

test('journals of operators with other names have other names, which stores can hold', () => {
  const names = ['source', 'source~1', 'source:1', 'source_007e1', 'a.b-c'].map((operator) => journalName({ operator }));
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/);
});
