export function filesOf(path: string): string[];
export function readRows(path: string): Generator<object>;
export function countRows(path: string): number;
