export { type EntryKind, entryKind, journalEntry } from './entry.ts';
export { JournalIntake } from './journal-intake.ts';
export { journalName } from './journal-name.ts';
export { JournalReader, type LiveInput } from './journal-reader.ts';
