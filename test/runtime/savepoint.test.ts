import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { file } from '../../src/connectors/index.ts';
import { from, type Pipeline, pipeline, start } from '../../src/index.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);

/** An input that cannot be read twice, and gives what it is told to. */
class Wire {
  readonly #lines: { readonly word: string }[] = [];
  #over = false;
  #heard = (): void => {};

  say(...words: string[]): void {
    this.#lines.push(...words.map((word) => ({ word })));
    this.#heard();
  }
  end(): void {
    this.#over = true;
    this.#heard();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<{ word: string }> {
    for (;;) {
      while (this.#lines.length > 0) yield this.#lines.shift()!;
      if (this.#over) return;
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }
}

/** Writes them as they come. */
const copied = (wire: Wire): Pipeline =>
  pipeline({ name: 'words', checkpointEvery: '20 ms', outputs: [from(wire).to(file.sink({ path: at('out/words.jsonl') }))] });
const written = async (): Promise<string[]> =>
  (await readFile(at('out/words.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { word: string }).word);

describe('a savepoint', () => {
  test('is where another state directory goes on, long after its job has gone on', async () => {
    const wire = new Wire();
    const job = await start(copied(wire), { stateDir: at('one') });
    wire.say('a', 'b', 'c');
    await expect.poll(written).toEqual(['a', 'b', 'c']);
    await job.savepoint(at('saved'));
    await cp(at('out'), at('out-then'), { recursive: true });
    wire.say('d', 'e');
    wire.end();
    await job.finished;
    expect(await written()).toEqual(['a', 'b', 'c', 'd', 'e']);

    await rm(at('out'), { recursive: true });
    await cp(at('out-then'), at('out'), { recursive: true });
    const other = new Wire();
    const again = await start(copied(other), { stateDir: at('two'), fromSavepoint: at('saved') });
    other.say('x');
    other.end();
    expect(await again.finished).toMatchObject({ restoredFrom: expect.any(Number) });
    expect(await written()).toEqual(['a', 'b', 'c', 'x']);
  });

  test('SP2: is refused a directory that holds something, and leaves none that is half of one', async () => {
    const job = await start(copied(new Wire()), { stateDir: at('one') });
    await mkdir(at('full/of'), { recursive: true });
    await expect(job.savepoint(at('full'))).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('not empty'),
    });
    await job.stop();
    await expect(job.savepoint(at('late'))).rejects.toMatchObject({ code: 'E_USAGE' });
    expect((await readdir(root)).filter((name) => name.startsWith('late'))).toEqual([]);
  });

  test('is not read over a state that is there, nor from a directory that is none', async () => {
    const job = await start(copied(new Wire()), { stateDir: at('one') });
    await job.savepoint(at('saved'));
    await job.stop();
    const from = (fromSavepoint: string): Promise<unknown> => start(copied(new Wire()), { stateDir: at('one'), fromSavepoint });
    await expect(from(at('saved'))).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('state of its own'),
    });
    await expect(from(at('nowhere'))).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('no savepoint'),
    });
  });
});
