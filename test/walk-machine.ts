/** Decision tables for machines: every state, every event. */
import { expect } from 'vitest';
import { type AnyStateMachine, type EventObject, initialTransition, transition } from 'xstate';

/** State → event → the next state, and the actions on the way: `running run`. */
export type Transitions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The next state, and what is done on the way. */
function next(machine: AnyStateMachine, state: string, event: EventObject): string {
  const [snapshot, actions] = transition(machine, machine.resolveState({ value: state, context: {} }), event);
  return [String(snapshot.value), ...actions.map(({ type }) => type)].join(' ');
}

/**
 * Walks every state × event pair and compares it with the table; a pair that is not in the table must change nothing, and so
 * must an event that the machine does not know.
 *
 * @param events by the name under which the table has them
 */
export function walkMachine(machine: AnyStateMachine, events: Readonly<Record<string, EventObject>>, table: Transitions): void {
  expect(Object.keys(table).sort()).toEqual(Object.keys(machine.states).sort());
  const all: Record<string, EventObject> = { ...events, UNKNOWN: { type: 'UNKNOWN' } };
  const walked = (of: (state: string, event: string) => string): Record<string, Record<string, string>> =>
    Object.fromEntries(
      Object.keys(table).map((state) => [state, Object.fromEntries(Object.keys(all).map((event) => [event, of(state, event)]))]),
    );
  expect(walked((state, event) => next(machine, state, all[event]!))).toEqual(
    walked((state, event) => table[state]![event] ?? state),
  );
}

/** The state in which a machine begins, and what it does there. */
export function beginning(machine: AnyStateMachine): string {
  const [snapshot, actions] = initialTransition(machine);
  return [String(snapshot.value), ...actions.map(({ type }) => type)].join(' ');
}
