/** The last checkpoints of a job, for people. Bounded. */

export interface CheckpointEntry {
  readonly epoch: number;
  readonly state: 'completed' | 'aborted' | 'in progress';
  /** Wall time of its trigger, ms. */
  readonly triggered: number;
  readonly durationMs: number | null;
  /** Written for it. */
  readonly bytes: number;
  readonly reason?: string;
}

const entriesMax = 20;

export class CheckpointRecord {
  #entries: CheckpointEntry[] = [];
  /** Completed in this generation. */
  completedCount = 0;

  /** Newest first. */
  get entries(): readonly CheckpointEntry[] {
    return this.#entries;
  }

  opened(epoch: number, triggered: number): void {
    this.#entries = [{ epoch, state: 'in progress' as const, triggered, durationMs: null, bytes: 0 }, ...this.#entries].slice(
      0,
      entriesMax,
    );
  }

  completed(epoch: number, durationMs: number, bytes: number): void {
    this.completedCount++;
    this.#replace(epoch, { state: 'completed', durationMs, bytes });
  }

  aborted(epoch: number, reason: string): void {
    this.#replace(epoch, { state: 'aborted', reason });
  }

  /** A new generation counts anew; the entries stay. */
  restart(): void {
    this.completedCount = 0;
  }

  #replace(epoch: number, change: Partial<CheckpointEntry>): void {
    this.#entries = this.#entries.map((entry) => (entry.epoch === epoch ? { ...entry, ...change } : entry));
  }
}
