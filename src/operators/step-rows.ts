/** Rows that an operator emits in one step, before it answers `more`. */
export const stepRowsMax = 4096;
