export function at(values: readonly number[], share: number): number;
