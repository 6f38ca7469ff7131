export interface PeerOptions {
  readonly query: string;
  /** A file of JSON lines. */
  readonly input: string;
  /** Emptied; the last pass is in `pass-N` of it. */
  readonly output: string;
  /** For checkpoints, and the input in parts. */
  readonly work: string;
  readonly passes?: number;
  /** Files that Flink reads side by side. */
  readonly parts?: number;
  readonly miniBatch?: boolean;
  readonly bytesPerTrigger?: number;
  readonly rocksdb?: boolean;
  readonly updates?: 'second' | 'each';
  /** Heap of the JVMs. */
  readonly memory?: string;
  readonly timeoutMs?: number;
}

export interface PeerRun {
  readonly rows: number;
  readonly emissions: number;
  readonly result: string;
  readonly startMs: number;
  readonly wallMs: number;
  readonly steadyWallMs: number;
  readonly cpuMs: number;
  readonly coldCpuMs: number;
  readonly totalCpuMs: number;
  readonly checkpoints?: number;
  readonly peakRssBytes?: number;
  readonly othersCores?: number;
}

export interface Skipped {
  readonly skipped: string;
}

export interface PreparedPeer {
  readonly program: string;
  readonly words: (memory: string) => string[];
}

export const peerNames: readonly string[];
export function preparePeer(name: string): Promise<PreparedPeer | Skipped>;
export function runPeer(name: string, options: PeerOptions): Promise<PeerRun | Skipped>;
