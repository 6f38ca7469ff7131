import { generatorSource } from './generator-source.ts';

export type { GeneratorOptions } from './generator-source.ts';

/** Rows out of nothing, for demonstrations and load tests. */
export const generator: { readonly source: typeof generatorSource } = { source: generatorSource };
