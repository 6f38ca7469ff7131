export function interleaved(path: string, work: string, count: number): Promise<string>;
export function sliced(path: string, work: string, bytes: number, last: readonly object[]): Promise<string>;
