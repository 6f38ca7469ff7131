// T2: a row's stamp depends on all that its split gave before; here on what it gave since the restore.
export const file = 'src/actors/subtask-state.ts';
export const from = `          if (value !== undefined && value !== null) operator.restoreSplit?.(snapshot.split, value);
`;
export const to = ``;
