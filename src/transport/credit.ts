/**
 * Credit: what a sender may have in flight, in frames and in bytes.
 *
 * Owns: the arithmetic of both ends. Pure. Grants are absolute (cumulative since the channel began), so that a lost,
 * repeated or reordered grant does no harm.
 * Invariants: Q1 data in flight never exceeds the window by more than one frame; Q2 a receiver that has taken everything
 * always leaves its sender credit for one maximal frame; Q3 a grant never takes credit back.
 */
export interface Window {
  /** Data frames in flight at most. */
  readonly frames: number;
  /** Bytes in flight at most, but for one frame. */
  readonly bytes: number;
}
/** 16 frames, 1 MiB. */
export const defaultWindow: Window = { frames: 16, bytes: 1 << 20 };

export interface Grant {
  readonly frames: number;
  readonly bytes: number;
}

/** The sender's side. Initial credit is zero. */
export class SenderCredit {
  #sentFrames = 0;
  #sentBytes = 0;
  #frames = 0;
  #bytes = 0;

  get available(): boolean {
    return this.#sentFrames < this.#frames && this.#sentBytes < this.#bytes;
  }

  spend(bytes: number): void {
    this.#sentFrames++;
    this.#sentBytes += bytes;
  }

  grant(grant: Grant): void {
    this.#frames = Math.max(this.#frames, grant.frames);
    this.#bytes = Math.max(this.#bytes, grant.bytes);
  }
}

/** The receiver's side. */
export class ReceiverCredit {
  readonly #window: Window;
  #takenFrames = 0;
  #takenBytes = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  took(bytes: number): Grant {
    this.#takenFrames++;
    this.#takenBytes += bytes;
    return this.current;
  }

  get current(): Grant {
    return { frames: this.#takenFrames + this.#window.frames, bytes: this.#takenBytes + this.#window.bytes };
  }
}
