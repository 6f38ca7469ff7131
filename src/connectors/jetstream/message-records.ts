/**
 * The records of a message, and the row of each with the columns that the message knows.
 *
 * Owns: one record a message or one a line, where a message was read in part, and how a record is named. The fence of a sink's
 * writer is no record.
 */
import type { Timestamp } from '../../api/index.ts';
import { type BatchBuilder, batchSchema, type BatchSchema, type SchemaField } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { FormatDefinition } from '../formats/index.ts';
import { type LineSpan, LineSplitter } from '../records/index.ts';
import { isFence } from './fence.ts';
import { milliseconds } from './source-position.ts';
import type { StreamMessage } from './stream-message.ts';

/** What a message knows besides its body; `columns: ['subject']` makes it a column. */
export interface MessageColumns {
  readonly subject: string;
  readonly sequence: number;
  /** When the stream took it. */
  readonly time: Timestamp;
  /** Of a header that is there more than once, the values with commas between them. */
  readonly headers: Readonly<Record<string, string>>;
}
export type MessageColumn = keyof MessageColumns;

const columnFields: Readonly<Record<MessageColumn, SchemaField>> = {
  subject: { name: 'subject', type: { kind: 'string' }, nullable: false },
  sequence: { name: 'sequence', type: { kind: 'int64' }, nullable: false },
  time: { name: 'time', type: { kind: 'timestamp' }, nullable: false },
  headers: { name: 'headers', type: { kind: 'any' }, nullable: false },
};
const columnValues: { readonly [C in MessageColumn]: (message: StreamMessage) => unknown } = {
  subject: ({ subject }) => subject,
  sequence: ({ sequence }) => sequence,
  time: ({ time }) => milliseconds(time),
  headers: ({ headers }) => Object.fromEntries((headers?.keys() ?? []).map((key) => [key, headers!.values(key).join(', ')])),
};

export interface RecordSettings {
  readonly stream: string;
  readonly format: FormatDefinition;
  readonly perMessage: 'one' | 'lines';
  readonly columns: readonly MessageColumn[];
}

/** The format's columns and the message's. @throws WeirError `E_PLAN` for one that both have, or that no message has */
export function schemaWith(columns: readonly MessageColumn[], format: FormatDefinition, where: string): BatchSchema {
  const known = Object.keys(columnFields);
  for (const [i, column] of columns.entries()) {
    if (!known.includes(column) || columns.indexOf(column) !== i)
      throw new WeirError('E_PLAN', `${where}: \`columns\` has '${String(column)}', and takes ${known.join(', ')}, each once`);
  }
  if (format.schema.kind === 'any') return format.schema;
  const both = format.schema.fields.find(({ name }) => columns.some((column) => column === name));
  if (both !== undefined)
    throw new WeirError('E_PLAN', `${where}: the format has a column '${both.name}' already`, {
      hint: `leave '${both.name}' out of \`columns\`, or call that of the schema something else`,
    });
  return batchSchema([...format.schema.fields, ...columns.map((column) => columnFields[column])]);
}

/** One message, record by record. */
export class MessageRecords {
  readonly message: StreamMessage;
  readonly #settings: RecordSettings;
  readonly #lines: LineSplitter | null;
  /** Undefined: not looked at. */
  #next: Uint8Array | null | undefined;
  #count = 0;

  /** @param skip lines that were read before */
  constructor(message: StreamMessage, settings: RecordSettings, skip: number) {
    this.message = message;
    this.#settings = settings;
    this.#lines = settings.perMessage === 'lines' ? new LineSplitter(0, 0, Number.POSITIVE_INFINITY) : null;
    this.#lines?.push(message.data);
    if (isFence(message.headers)) this.#next = null;
    else if (this.#lines === null) this.#next = message.data;
    while (this.record !== null && this.#count < skip) this.advance();
  }

  /** The record that is due; null at the end of the message. */
  get record(): Uint8Array | null {
    if (this.#next === undefined) this.#next = this.#line();
    return this.#next;
  }

  /** No bytes are left. Unlike `record` it looks at none. */
  get ended(): boolean {
    if (this.#next !== undefined) return this.#next === null;
    return this.#lines === null || this.#lines.offset >= this.message.data.length;
  }

  /** Lines that are still to come, as `RecordSplitter` gives them. */
  whole(): LineSpan | null {
    return this.#lines === null || this.#next !== undefined ? null : this.#lines.whole();
  }

  pass(to: number, lines: number): void {
    this.#lines!.pass(to, lines);
    this.#count += lines;
  }

  /** Records that are behind: where to go on in the message if it has more. */
  get count(): number {
    return this.#count;
  }

  advance(): void {
    this.#count++;
    this.#next = this.#lines === null ? null : undefined;
  }

  /** Appends what the message knows to so many rows whose other columns are there; its columns are the last ones. */
  appendColumns(rows: BatchBuilder, count: number): void {
    const { columns } = this.#settings;
    const first = rows.builders.length - columns.length;
    for (const [i, column] of columns.entries()) {
      const value = columnValues[column](this.message);
      for (let n = 0; n < count; n++) rows.builders[first + i]!.append(value);
    }
  }

  readonly decode = (record: Uint8Array): object => {
    const { format, columns } = this.#settings;
    const row = format.decode(record);
    if (columns.length === 0) return row;
    return { ...row, ...Object.fromEntries(columns.map((column) => [column, columnValues[column](this.message)])) };
  };

  /** `ORDERS:17`, or `ORDERS:17, line 3`. */
  readonly place = (): string => {
    const place = `${this.#settings.stream}:${this.message.sequence}`;
    return this.#lines === null ? place : `${place}, line ${this.#lines.count}`;
  };

  #line(): Uint8Array | null {
    const skips = this.#settings.format.blankLines === 'skip';
    for (;;) {
      const line = this.#lines!.next() ?? this.#lines!.end();
      if (line === null || line.bytes.length > 0 || !skips) return line?.bytes ?? null;
    }
  }
}
