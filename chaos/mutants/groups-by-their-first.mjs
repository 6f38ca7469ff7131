// a subtask takes over every part that holds some of its groups; here those that begin within them.
export const file = 'src/actors/subtask-state.ts';
export const from = `keyed ? groups[0] < to && groups[1] > from : groups[0] >= from`;
export const to = `keyed ? groups[0] >= from && groups[0] < to : groups[0] >= from`;
