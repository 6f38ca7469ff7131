/**
 * What a format is behind its face: how the bytes of one record become a row, and a row bytes.
 *
 * Owns: the contract between formats and the sources and sinks that use them. A format keeps no state between records.
 */
import type { Format } from '../../api/index.ts';
import type { BatchBuilder, BatchSchema, ColumnPath } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { RowFilter } from '../../plan/index.ts';
import type { LineScanner } from './line-scanner.ts';
import type { RowWriter } from './row-writer.ts';

export interface FormatDefinition {
  readonly type: 'format';
  /** As in messages: `json`. */
  readonly name: string;
  readonly schema: BatchSchema;
  /** `lines`: a record is a line and holds no line break. `whole`: it holds any bytes, so something else must say where it ends. */
  readonly framing: 'lines' | 'whole';
  /** Is a blank line a record, or nothing? */
  readonly blankLines: 'record' | 'skip';
  /** The ending of files in this format, without the dot. */
  readonly extension: string;
  /** Files of this format begin with a line that is no record. */
  readonly header?: FormatHeader;
  /** @throws WeirError `E_RECORD` saying what does not fit */
  decode(record: Uint8Array): object;
  /** What reads most records of one reader into `rows`, which are of the format's schema, faster than `decode`. Null: nothing does. */
  scanner?(rows: BatchBuilder): LineScanner | null;
  /**
   * The same format, of which only these columns are read: `schema` has no others. It refuses the same records. `decode` may give rows
   * that have more.
   *
   * @throws WeirError `E_SCHEMA` for a column that it does not have
   */
  project?(columns: readonly ColumnPath[]): FormatDefinition;
  /** The same format, whose scanner may leave out rows that do not meet all of these conditions. It refuses the same records. */
  filter?(conditions: readonly RowFilter[]): FormatDefinition;
  /** @throws WeirError `E_VALUE` for a row that the format cannot hold */
  encode(row: object): Uint8Array;
  /** What writes rows of whole batches as lines faster than `encode`: the same bytes. */
  rowWriter?(): RowWriter;
}

export interface FormatHeader {
  /** What a file begins with; no line break. */
  readonly bytes: Uint8Array;
  /** Decodes the records below the header that a file has. @throws WeirError `E_RECORD` if it cannot be used */
  decoder(header: Uint8Array): (record: Uint8Array) => object;
}

export function asFormat<Row>(definition: FormatDefinition): Format<Row> {
  return definition as unknown as Format<Row>;
}

/** @throws WeirError `E_PLAN` if it is no format */
export function formatDefinition(format: Format<never>, where: string): FormatDefinition {
  const definition = format as unknown as FormatDefinition | undefined;
  if (typeof definition === 'object' && definition !== null && definition.type === 'format') return definition;
  throw new WeirError('E_PLAN', `${where}: \`format\` is not a format`, {
    hint: 'give json(), text(), csv(…), bytes() or msgpack(…)',
  });
}

/** @throws WeirError `E_PLAN` for a format whose records are not lines */
export function lineFormat(format: Format<never>, where: string): FormatDefinition {
  const definition = formatDefinition(format, where);
  if (definition.framing === 'lines') return definition;
  throw new WeirError('E_PLAN', `${where}: records in ${definition.name} have no line ends, and here a record is a line`, {
    hint: 'take json() or csv()',
  });
}
