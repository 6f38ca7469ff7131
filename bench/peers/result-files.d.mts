export function filesOf(path: string): string[];
export function readRows(path: string): Iterable<object>;
export function countRows(path: string): number;
