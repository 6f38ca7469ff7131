// what an operator gave is packed at once, for it goes on changing it; here when the rest is written.
export const file = 'src/actors/subtask-state.ts';
export const from = `    const drafts = stateful.map(({ member, watermark }) => ({
      member,
      watermark,
      value: packed(member.operator.snapshot?.()),
`;
export const to = `    const drafts = stateful.map(({ member, watermark }) => ({
      member,
      watermark,
      get value() {
        return packed(member.operator.snapshot?.());
      },
`;
