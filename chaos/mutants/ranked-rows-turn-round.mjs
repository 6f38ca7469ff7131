// The first rows of a group are in their order after a restore too.
export const file = 'src/operators/aggregates/top.ts';
export const from = `        row: textOf(from.bytes()),
      })),`;
export const to = `        row: textOf(from.bytes()),
      })).reverse(),`;
