// a frame that is missing fails the channel; here what comes after it is taken all the same.
export const file = 'src/transport/nats/receiving-channel.ts';
export const from = `    if (frame.sequence !== this.#received + 1) return this.#fail(\`frame \${frame.sequence} came after \${this.#received}\`);
`;
export const to = ``;
