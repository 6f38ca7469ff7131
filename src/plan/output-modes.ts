/**
 * What the rows of a stream mean, and so how they may be written: Spark's table, with its reasons. The types of the DSL
 * and the planner read this one table, so that a compile error and a plan error are the same words.
 */
export interface OutputModes {
  /** Straight from a source, or mapped, filtered, deduplicated. */
  rows: {
    append: true;
    update: true;
    complete: '✗ complete writes the whole result each time, and a stream without an aggregation has none: use append, or aggregate first';
  };
  /** An aggregation by windows of so many rows: each row once, when its window is full. */
  counted: { append: true; update: true; complete: true };
  /** An aggregation by a global window whose trigger purges what goes out of it. */
  triggered: {
    append: true;
    update: true;
    complete: '✗ complete writes the whole result each time, and of what a trigger has purged nothing is left: use append, or keep what goes out';
  };
  /** An aggregation by a window, or a timestamp, under a watermark. */
  windowed: { append: true; update: true; complete: true };
  /** An aggregation by sessions under a watermark. In `update` the row of a session that has grown, or has merged into another, is taken back. */
  session: { append: true; update: true; complete: true };
  /** An aggregation by windows that take rows for some time after their end (`lateness`): what was written may be written again. */
  revised: {
    append: '✗ append writes a row once it is final, and a window with lateness is written again for rows that come late: use update or complete, or leave lateness out';
    update: true;
    complete: true;
  };
  /** An aggregation whose rows never become final. */
  running: {
    append: '✗ append writes a row once it is final, and these never are: group by a window over a column with withWatermark(), or say mode: update or complete';
    update: true;
    complete: true;
  };
  /** A join of two streams. */
  joined: {
    append: true;
    update: '✗ joined rows do not change: use append';
    complete: '✗ complete writes the whole result each time, and a join has no bounded one: use append, or aggregate it';
  };
  /** A join of rows that change; a stream of changes. */
  changing: {
    append: '✗ append writes a row once it is final, and these may be taken back: use update, or changelog()';
    update: true;
    complete: '✗ complete writes the whole result each time, and rows that are taken back one by one have no bounded one: use update, or aggregate them';
  };
  /** An aggregation of an aggregation, or some of its rows. */
  chained: {
    append: true;
    update: '✗ a second aggregation takes only final rows of the first: use append';
    complete: '✗ a second aggregation takes only final rows of the first: use append';
  };
}
export type Kind = keyof OutputModes;

/** The same as a value. */
export const outputModes: OutputModes = {
  rows: {
    append: true,
    update: true,
    complete:
      '✗ complete writes the whole result each time, and a stream without an aggregation has none: use append, or aggregate first',
  },
  counted: { append: true, update: true, complete: true },
  triggered: {
    append: true,
    update: true,
    complete:
      '✗ complete writes the whole result each time, and of what a trigger has purged nothing is left: use append, or keep what goes out',
  },
  windowed: { append: true, update: true, complete: true },
  session: { append: true, update: true, complete: true },
  revised: {
    append:
      '✗ append writes a row once it is final, and a window with lateness is written again for rows that come late: use update or complete, or leave lateness out',
    update: true,
    complete: true,
  },
  running: {
    append:
      '✗ append writes a row once it is final, and these never are: group by a window over a column with withWatermark(), or say mode: update or complete',
    update: true,
    complete: true,
  },
  joined: {
    append: true,
    update: '✗ joined rows do not change: use append',
    complete: '✗ complete writes the whole result each time, and a join has no bounded one: use append, or aggregate it',
  },
  changing: {
    append: '✗ append writes a row once it is final, and these may be taken back: use update, or changelog()',
    update: true,
    complete:
      '✗ complete writes the whole result each time, and rows that are taken back one by one have no bounded one: use update, or aggregate them',
  },
  chained: {
    append: true,
    update: '✗ a second aggregation takes only final rows of the first: use append',
    complete: '✗ a second aggregation takes only final rows of the first: use append',
  },
};
