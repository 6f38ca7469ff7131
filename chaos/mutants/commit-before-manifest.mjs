// sinks publish when the checkpoint exists; here when all have acknowledged it.
export const file = 'src/coordinator/checkpoints.ts';
export const from = `    const manifest = this.#manifest(barrier);
    try {
`;
export const to = `    const manifest = this.#manifest(barrier);
    this.#o.commit(barrier.epoch);
    try {
`;
