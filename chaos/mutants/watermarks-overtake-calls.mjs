// A watermark goes on behind the rows that came before it; here it overtakes those whose calls are under way, which find their windows closed.
export const file = 'src/operators/map-async-operator.ts';
export const from = `    this.#held.sign({ watermark });
    this.#passSigns(out);
`;
export const to = `    out.watermark(watermark);
`;
