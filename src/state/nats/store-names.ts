import { checkStoreName } from '../blob-id.ts';

export interface StoreNames {
  readonly blobs: string;
  readonly cells: string;
  /** What the names of all its journals' streams begin with. */
  readonly journals: string;
  journal(name: string): string;
  blobSubject(id: string): string;
  cellSubject(name: string): string;
  journalSubject(name: string): string;
}

/** What a job's stores are called on the server. Jobs' names are letters, digits, `-` and `_`. */
export const storeNames = (job: string): StoreNames => ({
  blobs: `WEIR_${job}_BLOBS`,
  cells: `WEIR_${job}_CELLS`,
  journal: (name: string): string => `WEIR_${job}_JOURNAL_${Buffer.from(checkStoreName(name)).toString('hex')}`,
  journals: `WEIR_${job}_JOURNAL_`,
  blobSubject: (id: string): string => `weir-store.${job}.blob.${token(id)}`,
  cellSubject: (name: string): string => `weir-store.${job}.cell.${token(name)}`,
  journalSubject: (name: string): string => `weir-store.${job}.journal.${token(name)}`,
});

/** For people: what is made on a server for a job. */
export function natsStoreNames(job: string): readonly string[] {
  const { blobs, cells, journals } = storeNames(job);
  return [`streams ${blobs}, ${cells} (and ${journals}… for sources that cannot be read twice)`];
}

/** Path-like names as tokens: `a/b.c` is `a.b~c`, so that a prefix of one is a prefix of the other. */
const token = (name: string): string => checkStoreName(name).replaceAll('.', '~').replaceAll('/', '.');
export const nameOf = (tokens: string): string => tokens.replaceAll('.', '/').replaceAll('~', '.');
