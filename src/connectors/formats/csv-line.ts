/**
 * One line of CSV as its cells, and back: RFC 4180, but for line breaks, which no cell holds.
 *
 * A cell remembers whether it was quoted: that tells an empty text (`""`) from nothing.
 */
import { WeirError } from '../../core/index.ts';

export interface CsvCell {
  readonly text: string;
  readonly quoted: boolean;
}

const quote = '"';

/** @throws WeirError `E_RECORD` for a quote that does not end, or that ends in the middle of a cell */
export function csvCells(line: string, separator: string): CsvCell[] {
  const cells: CsvCell[] = [];
  for (let at = 0; ; ) {
    const quoted = line[at] === quote;
    const end = quoted ? quotedEnd(line, at) : plainEnd(line, at, separator);
    cells.push({ text: quoted ? line.slice(at + 1, end - 1).replaceAll('""', quote) : line.slice(at, end), quoted });
    if (end >= line.length) return cells;
    if (line[end] !== separator)
      throw new WeirError('E_RECORD', `column ${cells.length}: after a closing quote comes ${JSON.stringify(line[end])}`);
    at = end + 1;
  }
}

function plainEnd(line: string, from: number, separator: string): number {
  const end = line.indexOf(separator, from);
  return end < 0 ? line.length : end;
}

/** Right behind the closing quote. */
function quotedEnd(line: string, from: number): number {
  for (let at = from + 1; ; at += 2) {
    at = line.indexOf(quote, at);
    if (at < 0) throw new WeirError('E_RECORD', `the quote at character ${from + 1} does not end in its line`);
    if (line[at + 1] !== quote) return at + 1;
  }
}

/** A text as a cell: in quotes where it would be read as another otherwise. */
export function csvCell(text: string, separator: string): string {
  const plain = text !== '' && !text.includes(separator) && !text.includes(quote) && !/^\s|\s$/.test(text);
  return plain ? text : `"${text.replaceAll(quote, '""')}"`;
}
