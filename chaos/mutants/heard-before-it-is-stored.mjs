// J1: who brings a record hears that it is stored once it is durable in the journal; here when it was taken.
export const file = 'src/connectors/journal/journal-intake.ts';
export const from = `    this.#offers.push({ values, durable });
`;
export const to = `    durable();
    this.#offers.push({ values, durable: () => undefined });
`;
