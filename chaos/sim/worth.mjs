// What makes a simulated life worth its time, over all that were lived.

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const share = (lives, is) => lives.filter(is).length / Math.max(1, lives.length);

/** Each with what there was, and what there must be. */
export function worthOf(lives) {
  const percent = (what, is, least) => ({ what, is: share(lives, is), least, shown: `${Math.round(100 * share(lives, is))} %` });
  const count = (what, value, least) => ({ what, is: value, least, shown: String(value) });
  return [
    count('rows of input, median', median(lives.map(({ rowsIn }) => rowsIn)), 300),
    count('completed checkpoints, least', Math.min(...lives.map(({ totals }) => totals.completed)), 3),
    count('faults that hit a running generation, least', Math.min(...lives.map(({ faults }) => total(faults))), 10),
    percent('a restore from epoch 2 or later', ({ totals }) => totals.deepRestores > 0, 0.7),
    percent('a parallelism of 2 or more', ({ parallelism }) => parallelism >= 2, 0.7),
    percent('late rows', ({ late }) => late > 0, 0.3),
    percent('rows that the job refuses', ({ refused }) => refused > 0, 0.08),
    percent('rows that cannot be read again', ({ journaled }) => journaled > 0, 0.04),
    percent('two or more splits', ({ splits }) => splits >= 2, 0.15),
    percent('a rescale', ({ rescaled }) => rescaled, 0.15),
    percent('an aborted and then a completed epoch', ({ abortedThenCompleted }) => abortedThenCompleted, 0.15),
  ];
}

export const total = (counts) => Object.values(counts).reduce((sum, n) => sum + n, 0);
