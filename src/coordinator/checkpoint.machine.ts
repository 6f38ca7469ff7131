/**
 * The life of one epoch after another.
 *
 *   idle ──OPEN──▶ aligning ──ALL_ACKED──▶ publishing ──PUBLISHED──▶ committing ──COMMITTED──▶ idle
 *    ▲                │
 *    └─────ABORT──────┘                    RESET from anywhere: the generation is over
 *
 * Owns: states and transitions only; coordinator.ts carries them out. Between `publishing` and `PUBLISHED` the commit
 * pointer moves: before it the epoch never was, after it the epoch is complete whatever happens.
 */
import { setup, type StateMachine } from 'xstate';

export type CheckpointEvent =
  | { readonly type: 'OPEN' }
  | { readonly type: 'ALL_ACKED' }
  | { readonly type: 'ABORT' }
  | { readonly type: 'PUBLISHED' }
  | { readonly type: 'COMMITTED' }
  | { readonly type: 'RESET' };

export type CheckpointAction = 'trigger' | 'abort' | 'publish' | 'commit' | 'settled';

const nothing = (): void => {};
const actions: Record<CheckpointAction, () => void> = {
  trigger: nothing,
  abort: nothing,
  publish: nothing,
  commit: nothing,
  settled: nothing,
};

// biome-ignore lint: the machine's full type is inferred and long
export type CheckpointMachine = StateMachine<any, CheckpointEvent, any, any, any, any, any, any, any, any, any, any, any, any>;

export const checkpointMachine: CheckpointMachine = setup({
  types: { events: {} as CheckpointEvent },
  actions,
}).createMachine({
  id: 'checkpoint',
  initial: 'idle',
  on: { RESET: '.idle' },
  states: {
    idle: { on: { OPEN: 'aligning' } },
    aligning: { entry: 'trigger', on: { ALL_ACKED: 'publishing', ABORT: { target: 'idle', actions: ['abort', 'settled'] } } },
    publishing: { entry: 'publish', on: { PUBLISHED: 'committing' } },
    committing: { entry: 'commit', on: { COMMITTED: { target: 'idle', actions: 'settled' } } },
  },
});
