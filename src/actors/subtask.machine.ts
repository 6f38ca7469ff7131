/**
 * The life of one subtask, the actor that runs a stage's operators.
 *
 *   restoring ──RESTORED──▶ ready ──START──▶ running ──CLOSE──▶ closing ──CLOSED──▶ closed
 *       │                     │                 │                  ▲
 *       └───────FAIL──────────┴──────FAIL───────┴──▶ failed ──CLOSE┘
 *
 * A subtask that failed is never revived: it is closed, and another generation builds a new one. Owns: states and
 * transitions only; subtask.ts carries them out.
 */
import { setup, type StateMachine } from 'xstate';

export type SubtaskEvent = { readonly type: 'RESTORED' | 'START' | 'FAIL' | 'CLOSE' | 'CLOSED' };
export type SubtaskAction = 'restore' | 'restored' | 'run' | 'halt' | 'close' | 'closed';

const nothing = (): void => {};
const actions: Record<SubtaskAction, () => void> = {
  restore: nothing,
  restored: nothing,
  run: nothing,
  halt: nothing,
  close: nothing,
  closed: nothing,
};

// biome-ignore lint: the machine's full type is inferred and long
export type SubtaskMachine = StateMachine<any, SubtaskEvent, any, any, any, any, any, any, any, any, any, any, any, any>;

export const subtaskMachine: SubtaskMachine = setup({ types: { events: {} as SubtaskEvent }, actions }).createMachine({
  id: 'subtask',
  initial: 'restoring',
  states: {
    restoring: { entry: 'restore', on: { RESTORED: 'ready', FAIL: 'failed', CLOSE: 'closing' } },
    ready: { entry: 'restored', on: { START: 'running', FAIL: 'failed', CLOSE: 'closing' } },
    running: { entry: 'run', on: { FAIL: 'failed', CLOSE: 'closing' } },
    failed: { entry: 'halt', on: { CLOSE: 'closing' } },
    closing: { entry: 'close', on: { CLOSED: 'closed' } },
    closed: { entry: 'closed', type: 'final' },
  },
});
