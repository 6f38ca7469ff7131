/**
 * The life of a job.
 *
 *   loading ──LOADED──▶ deploying ──DEPLOYED──▶ recommitting ──RECOMMITTED──▶ running ──CLOSED_EPOCH──▶ closing ──▶ done
 *                          ▲  │                     │      └─(was finished)──────────────────────────────▲ │
 *              BACKOFF_OVER│  └──────FAILED─────────┴──────────FAILED──────┐   │                          │ │
 *                     backingOff ◀──RESTART── tearingDown ◀────────────────┴───┘  ──GIVE_UP──▶ failed     │ │
 *                          └──────────────────────────────────────STOP────────────────────────────────────┘ │
 *                                                                                            FAILED ─▶ failed
 *
 * Owns: states and transitions only. What is done at each is named here and carried out by coordinator.ts.
 */
import { setup, type StateMachine } from 'xstate';

export type JobEvent =
  | { readonly type: 'LOADED' }
  | { readonly type: 'DEPLOYED' }
  /** What the restored checkpoint had staged is published. */
  | { readonly type: 'RECOMMITTED'; readonly finished: boolean }
  | { readonly type: 'FAILED' }
  | { readonly type: 'TORN_DOWN' }
  | { readonly type: 'RESTART' }
  | { readonly type: 'GIVE_UP' }
  | { readonly type: 'BACKOFF_OVER' }
  | { readonly type: 'STOP' }
  /** The last epoch of this run is committed. */
  | { readonly type: 'CLOSED_EPOCH' };

export type JobAction =
  | 'deploy'
  | 'recommit'
  | 'run'
  | 'closeEpoch'
  | 'teardown'
  | 'decide'
  | 'backOff'
  | 'close'
  | 'done'
  | 'fail';

const nothing = (): void => {};
const actions: Record<JobAction, () => void> = {
  deploy: nothing,
  recommit: nothing,
  run: nothing,
  closeEpoch: nothing,
  teardown: nothing,
  decide: nothing,
  backOff: nothing,
  close: nothing,
  done: nothing,
  fail: nothing,
};

// biome-ignore lint: the machine's full type is inferred and long
export type JobMachine = StateMachine<any, JobEvent, any, any, any, any, any, any, any, any, any, any, any, any>;

export const jobMachine: JobMachine = setup({
  types: { events: {} as JobEvent },
  actions,
}).createMachine({
  id: 'job',
  initial: 'loading',
  states: {
    loading: { on: { LOADED: 'deploying', GIVE_UP: 'failed', STOP: 'done' } },
    deploying: {
      entry: 'deploy',
      on: { DEPLOYED: 'recommitting', FAILED: 'tearingDown', STOP: 'closing' },
    },
    recommitting: {
      entry: 'recommit',
      on: {
        RECOMMITTED: [{ guard: ({ event }) => event.finished, target: 'closing' }, { target: 'running' }],
        FAILED: 'tearingDown',
        STOP: 'closing',
      },
    },
    running: {
      entry: 'run',
      on: {
        FAILED: 'tearingDown',
        STOP: { actions: 'closeEpoch' },
        CLOSED_EPOCH: 'closing',
      },
    },
    tearingDown: {
      entry: 'teardown',
      on: { TORN_DOWN: { actions: 'decide' }, RESTART: 'backingOff', GIVE_UP: 'failed' },
    },
    backingOff: { entry: 'backOff', on: { BACKOFF_OVER: 'deploying', STOP: 'done' } },
    closing: { entry: 'close', on: { TORN_DOWN: 'done', FAILED: { actions: [] } } },
    done: { entry: 'done', type: 'final' },
    failed: { entry: 'fail', type: 'final' },
  },
});
