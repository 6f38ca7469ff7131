// a source may release what lies before the oldest checkpoint that is kept; here what lies before the row that it is at.
export const file = 'src/actors/subtask.ts';
export const from = `this.#state!.positionsAt(oldest)) {`;
export const to = `oldest > 0 ? this.#positions() : []) {`;
