export interface HandQuery {
  event(event: object): void;
  end(): void;
}

export const handQueries: Readonly<Record<string, (emit: (row: object) => void, options: { readonly each: boolean }) => HandQuery>>;
