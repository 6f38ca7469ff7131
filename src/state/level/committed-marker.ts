/**
 * What LevelDB must at least know, in a plain file beside it.
 *
 * LevelDB drops a damaged tail of its log without a word, and opens empty when the log was deleted. The marker names the last
 * revision and checksum of every pointer cell, and how far journals reached, so that such a loss is found at the next read.
 * Owns: the file `COMMITTED`. Invariants: S10 the marker is never ahead of LevelDB: it is written after; one that lags
 * behind by the last write is in order.
 */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { WeirError } from '../../core/index.ts';
import { readIfThere, replaceFile } from '../whole-file.ts';

export interface CellMark {
  readonly revision: number;
  readonly crc: number;
}
interface MarkerContent {
  readonly format: 1;
  readonly cells: Record<string, CellMark>;
  readonly journals: Record<string, number>;
}

export class CommittedMarker {
  readonly #directory: string;
  readonly #cells: Map<string, CellMark>;
  /** Ends of journals as they are, of which the file knows those of its last writing. */
  readonly #journals: Map<string, number>;

  private constructor(directory: string, content: MarkerContent) {
    this.#directory = directory;
    this.#cells = new Map(Object.entries(content.cells));
    this.#journals = new Map(Object.entries(content.journals));
  }

  /** @throws WeirError `E_STATE_DAMAGED` if the file is not what was written */
  static async open(directory: string): Promise<CommittedMarker> {
    const text = await readIfThere(join(directory, 'COMMITTED'));
    return new CommittedMarker(directory, text === undefined ? { format: 1, cells: {}, journals: {} } : parse(text, directory));
  }

  /** No cell was ever written, as far as the file knows. */
  get isEmpty(): boolean {
    return this.#cells.size === 0;
  }

  cell(name: string): CellMark | undefined {
    return this.#cells.get(name);
  }

  journalEnd(name: string): number {
    return this.#journals.get(name) ?? 0;
  }

  /** Goes into the file at the next `setCell`. */
  noteJournalEnd(name: string, end: number): void {
    this.#journals.set(name, end);
  }

  /** Resolves once the mark is durable. */
  async setCell(name: string, mark: CellMark): Promise<void> {
    this.#cells.set(name, mark);
    const content: MarkerContent = {
      format: 1,
      cells: Object.fromEntries(this.#cells),
      journals: Object.fromEntries(this.#journals),
    };
    await replaceFile(this.#directory, 'COMMITTED', serialise(content));
  }
}

function serialise(content: MarkerContent): string {
  const body = JSON.stringify(content);
  return `${body}\n${crc32(body)}\n`;
}

function parse(text: string, directory: string): MarkerContent {
  const [body = '', crc = ''] = text.split('\n');
  if (String(crc32(body)) !== crc || !text.endsWith('\n'))
    throw new WeirError('E_STATE_DAMAGED', `${join(directory, 'COMMITTED')} was changed or cut`);
  const content = JSON.parse(body) as MarkerContent;
  if (content.format !== 1)
    throw new WeirError(
      'E_STATE_INCOMPATIBLE',
      `${join(directory, 'COMMITTED')} has format ${String(content.format)}, this version reads 1`,
    );
  return content;
}
