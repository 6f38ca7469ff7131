// timers are there after a restore; here only for keys that get a row.
export const file = 'src/operators/timers.ts';
export const from = `      for (const at of value.times) items.push({ at, key, ordinal: value.ordinal });
`;
export const to = ``;
