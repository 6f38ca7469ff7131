// Changes of entries that lie as bytes, and of cells in slots, whose snapshot could not be written are in the next one; here they are in none.
export const file = 'src/state/byte-table.ts';
export const from = `if (isLeft(space, entry) && !space.isFree(entry)) this.#list(space, entry);`;
export const to = `if (isLeft(space, entry) && !space.isFree(entry)) space.list(entry, this.generation);`;
