// In a run that ends with what is there, splits wait for one that has come to the end of the run.
export const file = 'src/actors/split-alignment.ts';
export const from = ` && !through)`;
export const to = ` && (through || !through))`;
