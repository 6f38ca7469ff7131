/**
 * One file that grows by whole epochs. What an epoch adds lies in the checkpoint, with the place where it belongs, until
 * the checkpoint is complete; only then it is written there. So readers see whole epochs, and at most the begin of one.
 *
 * Owns: what was staged and where it goes; state = how far the file was committed, and how far it will be once all that
 * is staged has been. Does not own: the bytes on disk (committed-file.ts).
 */
import type { Batch } from '../../batch/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { type FormatDefinition, linesOf } from '../formats/index.ts';
import type { SetAside } from '../set-aside.ts';
import { CommittedFile, type FileMark, GrowingTail, startMark } from './committed-file.ts';

interface State {
  readonly committed: FileMark;
  readonly end: FileMark;
  /** The bytes that `end.tail` is the digest of. */
  readonly tail: Uint8Array;
}
interface Staged {
  readonly at: FileMark;
  readonly bytes: Uint8Array;
  readonly end: FileMark;
}

export async function openSingleFile(
  path: string,
  format: FormatDefinition,
  context: SinkContext,
  states: readonly unknown[],
): Promise<SinkWriter> {
  const file = new CommittedFile(path);
  const state = states[0] as State | undefined;
  if (state !== undefined) await file.check(state.committed, state.end);
  else await file.begin(context.fresh);
  return new SingleFileWriter(file, format, context.setAside, state);
}

class SingleFileWriter implements SinkWriter {
  readonly #file: CommittedFile;
  readonly #format: FormatDefinition;
  readonly #setAside: SetAside;
  #rows: Uint8Array[] = [];
  #tail: GrowingTail;
  #committed: FileMark;

  constructor(file: CommittedFile, format: FormatDefinition, setAside: SetAside, state: State | undefined) {
    this.#file = file;
    this.#format = format;
    this.#setAside = setAside;
    this.#tail = new GrowingTail(state?.end.offset ?? 0, state?.tail ?? new Uint8Array(0));
    this.#committed = state?.committed ?? startMark;
  }

  write(batch: Batch): void {
    const lines = linesOf(batch, this.#format, this.#setAside);
    if (lines.length > 0) this.#rows.push(lines);
  }

  stage(): Staged | undefined {
    if (this.#rows.length === 0) return undefined;
    const at = this.#tail.mark;
    const { header } = this.#format;
    const first = at.offset === 0 && header !== undefined ? [header.bytes, Buffer.from('\n')] : [];
    const bytes = joined([...first, ...this.#rows]);
    this.#rows = [];
    this.#tail.add(bytes);
    return { at, bytes, end: this.#tail.mark };
  }

  async commit(_permit: CommitPermit, staged: unknown): Promise<void> {
    const { at, bytes, end } = staged as Staged;
    await this.#file.append(at, bytes, this.#tail.mark);
    if (end.offset > this.#committed.offset) this.#committed = end;
  }

  snapshot(): State {
    return { committed: this.#committed, end: this.#tail.mark, tail: this.#tail.bytes };
  }
}

/** In memory of their own. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
