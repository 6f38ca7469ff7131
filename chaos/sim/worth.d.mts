export interface Worth {
  readonly what: string;
  readonly is: number;
  readonly least: number;
  readonly shown: string;
}
/** @param lives outcomes of test/simulation/simulated-life.ts */
export function worthOf(lives: readonly object[]): Worth[];
export function total(counts: Readonly<Record<string, number>>): number;
