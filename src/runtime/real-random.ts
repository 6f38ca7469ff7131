import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../core/index.ts';

/** The machine's own randomness. */
export const realRandom: Random = {
  next: () => randomInt(2 ** 32) / 2 ** 32,
  id: () => randomBytes(16).toString('hex'),
};
