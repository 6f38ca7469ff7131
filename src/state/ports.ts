/**
 * What state needs of the world: three ports, each with a contract suite that every implementation passes.
 *
 * Owns: `BlobStore` (immutable bytes), `PointerStore` (one compare-and-set cell and small documents beside it), `Journal`
 * (lines of a source that cannot be read twice). Implementations: `memory/` (tests, simulator), `level/` (one LevelDB
 * directory per job, see `openLevelStores`).
 * Invariants: S1 what a promise has confirmed survives SIGKILL and, on a disk that honours sync, a power cut; S2 what is
 * read was written: every value carries a checksum, a wrong one is `E_STATE_DAMAGED`.
 */

/** Immutable blobs. Ids are path-like: `[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*`. */
export interface BlobStore {
  /** Resolves once the bytes are durable. Putting an id again with the same bytes is allowed, with others an error. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** @throws WeirError `E_STATE_DAMAGED` if it is missing, cut or changed */
  get(id: string): Promise<Uint8Array>;
  /** The same in memory that others read too, and nobody may change, if it is there already: whole, as it was when it came. */
  view?(id: string): Uint8Array | undefined;
  list(prefix: string): Promise<readonly string[]>;
  /** Missing ids are ignored. */
  delete(ids: readonly string[]): Promise<void>;
  /** This process may ask for these again, and for no others: of copies that it keeps of the rest it may let go. The blobs stay. */
  retain?(ids: ReadonlySet<string>): void;
  /** Makes copies of these, if it keeps any, so that they can be read fast; until the signal aborts, or there is no room. */
  warm?(ids: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface Versioned {
  readonly revision: number;
  readonly value: Uint8Array;
}

/** The commit pointer and the small documents around it (manifests). */
export interface PointerStore {
  /** The cell `name`, or null before its first write. */
  read(name: string): Promise<Versioned | null>;
  /** Writes if the cell's revision still is `expected` (0 = never written): its new revision, or null if it was another. Durable. */
  compareAndSet(name: string, expected: number, value: Uint8Array): Promise<number | null>;
}

export interface JournalEntry {
  /** Rises by one from 0 within a journal. */
  readonly sequence: number;
  readonly value: Uint8Array;
}

/** Entries from `first` on, up to but without `end`, are there. */
export interface JournalExtent {
  readonly name: string;
  readonly first: number;
  readonly end: number;
}

/** An append-only log of records per name. */
export interface Journal {
  /** Appends in order; resolves with the sequence of the first once all are durable. */
  append(name: string, values: readonly Uint8Array[]): Promise<number>;
  /** Entries from `sequence` on, at most `limit`. An entry that was released or is damaged is `E_STATE_DAMAGED`. */
  read(name: string, sequence: number, limit: number): Promise<readonly JournalEntry[]>;
  /** The sequence that the next append gets. */
  end(name: string): Promise<number>;
  /** Forgets what lies before `sequence`. */
  release(name: string, sequence: number): Promise<void>;
  /** Those that were ever appended to or begun. */
  list(): Promise<readonly JournalExtent[]>;
  /** Begins a journal that does not exist yet at this sequence instead of 0: the place of another one's copy. */
  begin(name: string, sequence: number): Promise<void>;
}

/** The stores of one job. */
export interface JobStores {
  readonly blobs: BlobStore;
  readonly pointers: PointerStore;
  readonly journal: Journal;
  /** What survives what, in words for plan and log. */
  readonly guarantee: string;
  close(): Promise<void>;
}
