// Left rows of an as-of join that wait for the watermark wait on after a restore; here they are forgotten, and never go out.
export const file = 'src/operators/join/as-of-operator.ts';
export const from = `      if (at > this.#fired.of(group)) waiting.push({ at, ordinal, key: this.#waiting.keyOf(kept), bucket, row });
`;
export const to = `      void [at, group, ordinal, bucket, row];
`;
