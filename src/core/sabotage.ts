/**
 * Ways to break the engine on purpose, so that the tests of its guarantees can be seen to fail. Never on in production.
 *
 * Each names a rule that exactly-once rests on, and what goes wrong without it.
 */
export type SabotageName =
  | 'offset-after-barrier'
  | 'files-before-manifest'
  | 'drop-aborted-dirty'
  | 'no-epoch-budget'
  | 'no-fence'
  | 'no-generation'
  | 'early-publish';

export const sabotages: Readonly<Record<SabotageName, string>> = {
  'offset-after-barrier':
    'a source puts into its snapshot the position of a moment after the barrier, instead of at it: rows are lost at a restore',
  'files-before-manifest':
    'a file sink writes rows as they come, instead of when their checkpoint is complete: rows are written twice after a restore',
  'drop-aborted-dirty': 'the changes that were written for an aborted epoch are forgotten: state is lost at a restore',
  'no-epoch-budget': 'sources read on however long the last checkpoint takes to be published: memory grows without bound',
  'no-fence': 'a JetStream sink publishes without a fence: a writer of an older generation that wakes up writes too',
  'no-generation':
    'a worker that is counted no more goes on, and a JetStream sink does not ask whether a newer generation writes already',
  'early-publish':
    'a JetStream sink publishes rows as they come, instead of when their checkpoint is complete: rows are there twice after a restore',
};

export interface Sabotage {
  readonly break?: SabotageName;
  /** Aborts every n-th epoch although all have acknowledged it: not a fault, but what a slow or full disk would cause. */
  readonly abortEvery?: number;
  /** Such an epoch is aborted once this share of its acknowledgements is in (1: with the last one, so that every delta was written). */
  readonly abortAfter?: number;
}
