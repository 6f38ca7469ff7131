/** A number or null as a slot: what is null stands beside it, so that any number may be one. */

export const numberSlotBytes = 9;

export function loadNumber(view: DataView, at: number): number | null {
  return view.getUint8(at + 8) === 0 ? null : view.getFloat64(at, true);
}

export function storeNumber(view: DataView, at: number, value: number | null): true {
  view.setUint8(at + 8, value === null ? 0 : 1);
  if (value !== null) view.setFloat64(at, value, true);
  return true;
}

const numberKinds: ReadonlySet<string> = new Set(['float64', 'int64', 'timestamp']);

/** Whether all values of a type that are not null are numbers. */
export const isNumeric = ({ kind }: { readonly kind: string }): boolean => numberKinds.has(kind);
