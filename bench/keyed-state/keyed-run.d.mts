export interface Phase {
  readonly intervalMs: number;
  readonly seconds: number;
  readonly checkpoints: boolean;
}
export interface KeyedRunSettings {
  readonly keys: number;
  readonly touched: number;
  readonly rounds: number;
  readonly settleMs: number;
  readonly phases: Readonly<Record<string, Phase>>;
}
export interface PhaseResult {
  readonly rows: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly touchedKeys: number;
  readonly gapsAtBarriers: readonly number[];
  readonly longestGaps: readonly number[];
  readonly checkpoints: readonly { readonly epoch: number; readonly bytes: number; readonly durationMs: number }[];
}
export interface KeyedRun {
  readonly skipped?: string;
  readonly fault?: string;
  readonly results?: readonly Readonly<Record<string, PhaseResult>>[];
}
export function keyedRun(settings: KeyedRunSettings, folder: string, available?: number): Promise<KeyedRun>;
