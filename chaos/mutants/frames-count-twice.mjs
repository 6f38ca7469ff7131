// a frame that comes a second time is left out; here it is taken again.
export const file = 'src/transport/nats/receiving-channel.ts';
export const from = `    if (frame.sequence <= this.#received) return; // H5
`;
export const to = `    if (frame.sequence < this.#received) return;
    if (frame.sequence === this.#received) this.#received--;
`;
