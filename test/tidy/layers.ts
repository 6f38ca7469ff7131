/** The layer table of src/README.md, as rules. */
export interface Layers {
  readonly folders: readonly string[];
  mayImport(from: string, to: string): boolean;
}

const ticked = (text: string): string[] => [...text.matchAll(/`([a-z]+)`/g)].map(([, word]) => word!);

export function readLayers(readme: string): Layers {
  const rows = [...readme.matchAll(/^\| (`[^|]*) \|[^|]*\|([^|]*)\|$/gm)].map(([, folders, also]) => ({
    folders: ticked(folders!),
    also: ticked(also!),
  }));
  const door = /^`src\/index\.ts`.*may import from (.*)$/m.exec(readme)?.[1] ?? '';
  const rowOf = new Map(rows.flatMap(({ folders }, row) => folders.map((folder) => [folder, row] as const)));
  return {
    folders: [...rowOf.keys()],
    mayImport(from, to) {
      if (from === '') return ticked(door).includes(to);
      const [own, other] = [rowOf.get(from), rowOf.get(to)];
      if (own === undefined || other === undefined) return false;
      return other < own || rows[own]!.also.includes(to);
    },
  };
}
