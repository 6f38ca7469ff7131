/**
 * Rows as messages that wait to be published: their subjects and bodies, packed into the bytes of a checkpoint.
 *
 * Owns: which message a row goes into, and what a message must not be (too long, or to a subject that cannot be). Does not own:
 * headers; publishing.
 */
import { type Batch, ByteReader, ByteWriter } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SinkContext } from '../../operators/index.ts';
import { setAside } from '../set-aside.ts';
import { encodedRow, type FormatDefinition, rowText, writtenRows } from '../formats/index.ts';

const newline = 10;
/** A message of several lines is sent once it has this many bytes. */
const linesBytesMax = 64 << 10;
/** A line of the protocol has an end, and the server one connection less for each that has not. */
const subjectCharsMax = 1024;

export interface OutgoingMessage {
  readonly subject: string;
  readonly body: Uint8Array;
}

/** As a checkpoint keeps them. */
export interface StagedMessages {
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface OutgoingSettings {
  readonly subject: string | ((row: object) => unknown);
  readonly format: FormatDefinition;
  readonly perMessage: 'one' | 'lines';
  /** Of a body. */
  readonly bytesMax: () => number;
  /** @throws WeirError for a subject that no message can have */
  readonly checkSubject: (subject: string) => void;
  readonly setAside: SinkContext['setAside'];
}

/** Bytes of a row, or of several with line feeds between. */
interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  end: number;
}
/** One that takes more lines. */
interface OpenMessage {
  readonly spans: Span[];
  size: number;
}
type RowBytes = (i: number) => Span;

/** Rows as messages, one after the other. */
export class OutgoingRows {
  readonly #settings: OutgoingSettings;
  readonly #give: (message: OutgoingMessage) => void;
  /** Subjects that were looked at, since the last end. */
  readonly #checked = new Set<string>();
  readonly #lines = new Map<string, OpenMessage>();

  constructor(settings: OutgoingSettings, give: (message: OutgoingMessage) => void) {
    this.#settings = settings;
    this.#give = give;
  }

  /** @throws WeirError `E_VALUE` for a row that cannot be a message, and cannot be set aside */
  add(batch: Batch): void {
    const bytesOf = rowBytes(batch, this.#settings.format);
    for (let i = 0; i < batch.length; i++) {
      try {
        this.#addRow(batch, i, this.#subjectOf(batch, i), bytesOf(i));
      } catch (error) {
        setAside(this.#settings.setAside, batch, i, error);
      }
    }
  }

  /** Gives the messages that have room for more lines. */
  end(): void {
    for (const [subject, open] of this.#lines) this.#give({ subject, body: bodyOf(open) });
    this.#lines.clear();
    this.#checked.clear();
  }

  #addRow(batch: Batch, i: number, subject: string, row: Span): void {
    const { perMessage, format } = this.#settings;
    const max = this.#roomFor(batch, i, row.end - row.start);
    if (perMessage === 'one') return this.#give({ subject, body: row.bytes.subarray(row.start, row.end) });
    if (format.rowWriter === undefined && row.bytes.includes(newline))
      throw badRow(batch, i, `${format.name} writes a record as a line, and this one holds a line break`, {
        hint: 'write it as json()',
      });
    addLine(this.#openFor(subject, row.end - row.start, max), row);
  }

  /** The bytes that a body may have. @throws WeirError `E_VALUE` if a row alone has more */
  #roomFor(batch: Batch, i: number, size: number): number {
    const max = this.#settings.bytesMax();
    if (size <= max) return max;
    throw badRow(batch, i, `a message of ${size} bytes is longer than the ${max} that the server and the stream take`, {
      hint: 'make the row smaller, or raise max_payload of the server (max_msg_size of the stream)',
    });
  }

  /** A message with room for one more line of this size, which is counted. */
  #openFor(subject: string, size: number, max: number): OpenMessage {
    const known = this.#lines.get(subject);
    if (known !== undefined && known.size + 1 + size <= Math.min(max, linesBytesMax)) {
      known.size += 1 + size;
      return known;
    }
    if (known !== undefined) this.#give({ subject, body: bodyOf(known) });
    const open: OpenMessage = { spans: [], size };
    this.#lines.set(subject, open);
    return open;
  }

  #subjectOf(batch: Batch, i: number): string {
    const { subject } = this.#settings;
    const found = typeof subject === 'string' ? subject : called(subject, batch, i);
    if (typeof found === 'string' && this.#checked.has(found)) return found;
    const fault = subjectFault(found);
    if (fault !== undefined)
      throw badRow(batch, i, fault, { hint: 'tokens have letters, digits, - and _, with dots between them' });
    try {
      this.#settings.checkSubject(found as string);
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      throw badRow(batch, i, error.message, { hint: error.hint });
    }
    this.#checked.add(found as string);
    return found as string;
  }
}

/** Why this is no subject of a message; undefined if it is one. */
export function subjectFault(subject: unknown): string | undefined {
  if (typeof subject !== 'string') return `the subject is ${typeof subject}, and has to be text`;
  if (subject.length > subjectCharsMax) return `a subject of ${subject.length} characters is too long`;
  if (subject.split('.').every((token) => /^[A-Za-z0-9_-]+$/.test(token))) return undefined;
  return `${JSON.stringify(subject)} is no subject of a message`;
}

function called(subject: (row: object) => unknown, batch: Batch, i: number): unknown {
  try {
    return subject(batch.row(i));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_CLOSURE', `\`subject\` threw: ${said}; ${rowText(batch, i)}`, { cause: error });
  }
}

function badRow(batch: Batch, i: number, what: string, { hint }: { readonly hint: string }): WeirError {
  return new WeirError('E_VALUE', `${what}; ${rowText(batch, i)}`, { hint });
}

/** The bytes of each row, of all of them at once where the format writes them so. */
function rowBytes(batch: Batch, format: FormatDefinition): RowBytes {
  const written = writtenRows(batch, format);
  const encoded: RowBytes = (i) => {
    const bytes = encodedRow(batch, i, format);
    return { bytes, start: 0, end: bytes.length };
  };
  if (written === null) return encoded;
  const { bytes, starts, ends } = written;
  return (i) => (starts[i] === ends[i] ? encoded(i) : { bytes, start: starts[i]!, end: ends[i]! });
}

/** Rows that were written one behind the other already have the line feed between them. */
function addLine({ spans }: OpenMessage, row: Span): void {
  const last = spans.at(-1);
  if (last?.bytes === row.bytes && last.end + 1 === row.start) last.end = row.end;
  else spans.push(row);
}

function bodyOf({ spans }: OpenMessage): Uint8Array {
  const parts = spans.map(({ bytes, start, end }) => bytes.subarray(start, end));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [lineEnd, part])));
}
const lineEnd = Buffer.from('\n');

// ── as bytes

/** Messages of one epoch; a subject is written out once. */
export class MessagePacker {
  readonly #writer = new ByteWriter();
  readonly #subjects = new Map<string, number>();
  #count = 0;

  readonly add = ({ subject, body }: OutgoingMessage): void => {
    this.#count++;
    const known = this.#subjects.get(subject);
    this.#writer.varint(known ?? this.#subjects.size);
    if (known === undefined) {
      this.#subjects.set(subject, this.#subjects.size);
      this.#writer.string(subject);
    }
    this.#writer.bytes(body);
  };

  /** Undefined if there are none. */
  take(): StagedMessages | undefined {
    if (this.#count === 0) return undefined;
    const staged = { count: this.#count, bytes: this.#writer.finish() };
    this.#writer.reset();
    this.#subjects.clear();
    this.#count = 0;
    return staged;
  }
}

/** The messages again, in order, from one on. */
export function* unpackMessages({ count, bytes }: StagedMessages, from: number): Generator<OutgoingMessage & { index: number }> {
  const reader = new ByteReader(bytes);
  const subjects: string[] = [];
  for (let index = 0; index < count; index++) {
    const at = reader.varint();
    if (at === subjects.length) subjects.push(reader.string());
    const body = reader.bytes();
    if (index >= from) yield { index, subject: subjects[at]!, body };
  }
}
