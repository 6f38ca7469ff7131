/**
 * The life of a supervisor: one generation of subtasks after another.
 *
 *   idle ──DEPLOY──▶ deploying ──ALL_READY──▶ ready ──START──▶ running
 *    ▲                  │                       │                │
 *    └──ALL_CLOSED── tearingDown ◀──TEARDOWN────┴────────────────┘
 *
 * A failed subtask changes nothing here: it is reported, and the coordinator decides. Owns: states and transitions only.
 */
import { setup, type StateMachine } from 'xstate';

export type SupervisorEvent = { readonly type: 'DEPLOY' | 'ALL_READY' | 'START' | 'TEARDOWN' | 'ALL_CLOSED' };
export type SupervisorAction = 'deploy' | 'deployed' | 'start' | 'teardown' | 'tornDown';

const nothing = (): void => {};
const actions: Record<SupervisorAction, () => void> = {
  deploy: nothing,
  deployed: nothing,
  start: nothing,
  teardown: nothing,
  tornDown: nothing,
};

// biome-ignore lint: the machine's full type is inferred and long
export type SupervisorMachine = StateMachine<any, SupervisorEvent, any, any, any, any, any, any, any, any, any, any, any, any>;

export const supervisorMachine: SupervisorMachine = setup({ types: { events: {} as SupervisorEvent }, actions }).createMachine({
  id: 'supervisor',
  initial: 'idle',
  states: {
    idle: { on: { DEPLOY: 'deploying', TEARDOWN: { actions: 'tornDown' } } },
    deploying: { entry: 'deploy', on: { ALL_READY: 'ready', TEARDOWN: 'tearingDown' } },
    ready: { entry: 'deployed', on: { START: 'running', TEARDOWN: 'tearingDown' } },
    running: { entry: 'start', on: { TEARDOWN: 'tearingDown' } },
    tearingDown: { entry: 'teardown', on: { ALL_CLOSED: { target: 'idle', actions: 'tornDown' } } },
  },
});
