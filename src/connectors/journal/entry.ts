/** What stands in a source's journal: a byte that says what it is, then the bytes of the record. */
export const entryKind = {
  record: 0,
  /** The begin of a record that was too long. */
  tooLong: 1,
  /** The input has ended: nothing follows. */
  end: 2,
} as const;
export type EntryKind = (typeof entryKind)[keyof typeof entryKind];

export function journalEntry(kind: EntryKind, record: Uint8Array): Uint8Array {
  const entry = new Uint8Array(record.length + 1);
  entry[0] = kind;
  entry.set(record, 1);
  return entry;
}
