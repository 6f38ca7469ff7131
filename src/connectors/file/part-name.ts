/** Names of part files: which subtask wrote them, and in which order. */
export interface PartName {
  readonly subtask: number;
  readonly sequence: number;
}

/** `part-0-00000012.jsonl` */
export function partName({ subtask, sequence }: PartName, extension: string): string {
  return `part-${subtask}-${String(sequence).padStart(8, '0')}.${extension}`;
}

/** What a part is called until it is committed. Another generation's has another name, so that none writes into another's. */
export function pendingName(part: string, generation: number): string {
  return `.pending-${generation}-${part}`;
}

/** Which subtask wrote the file of that name, and whether it is committed; null for other files. */
export function parsePartName(name: string): { readonly subtask: number; readonly pending: boolean } | null {
  const match = /^(\.pending-\d+-)?part-(\d+)-\d{8,}\.[A-Za-z0-9]+$/.exec(name);
  return match === null ? null : { subtask: Number(match[2]), pending: match[1] !== undefined };
}
