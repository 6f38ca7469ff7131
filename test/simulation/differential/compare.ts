/** Lists of operations, each played on a real server and on a simulated one: what do they answer differently? */
import fc from 'fast-check';
import { type OperationList, operationLists } from './operations.ts';
import { play } from './play.ts';
import type { Played } from './servers.ts';

/** Of one list: what was done, up to the first that is answered otherwise. */
export interface Difference {
  /** Which one, from 0. */
  readonly list: number;
  readonly shape: OperationList['shape'];
  readonly steps: readonly { readonly asked: string; readonly real: string; readonly simulated: string }[];
}

/** @param first the first of its seed that is wanted, from 0 */
export const listsOf = (seed: number, count: number, first = 0): OperationList[] =>
  fc.sample(operationLists, { seed, numRuns: first + count }).slice(first);

/**
 * Plays them one after the other, and closes the server. A process has clients of real servers or of simulated ones at a time,
 * never both (simulated-transport.ts).
 *
 * @returns for each list what was answered to each operation
 */
export async function answersOf(lists: readonly OperationList[], server: Played): Promise<string[][]> {
  await using _ = server;
  const answers: string[][] = [];
  for (const [i, list] of lists.entries()) answers.push(await play(list, server, `L${i}`));
  return answers;
}

export function differencesOf(lists: readonly OperationList[], real: string[][], simulated: string[][]): Difference[] {
  return lists.flatMap(({ shape, operations }, list) => {
    const [ofReal, ofSimulated] = [real[list]!, simulated[list]!];
    const at = ofReal.findIndex((answer, step) => answer !== ofSimulated[step]);
    const steps = ofReal.slice(0, at + 1).map((answer, step) => ({
      asked: step === 0 ? 'make the stream' : JSON.stringify(operations[step - 1]),
      real: answer,
      simulated: ofSimulated[step]!,
    }));
    return at === -1 ? [] : [{ list, shape, steps }];
  });
}
