// SF1: a position is the one after the last piece handed over; here after the last one read.
export const file = 'src/actors/source-feed.ts';
export const from = `    loop.queue.push(piece);
    this.#options.wake();
`;
export const to = `    loop.queue.push(piece);
    loop.position = piece.position;
    this.#options.wake();
`;
