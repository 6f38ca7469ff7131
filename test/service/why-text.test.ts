import { expect, test } from 'vitest';
import { whyOf } from '../../src/cluster/why.ts';
import { whyText } from '../../src/service/why-text.ts';
import { status } from './fake-job.ts';

test('what weir why shows names the rows that were late at an operator, where any were', () => {
  const windows = { watermark: 0, nextWindowEnd: null, latenessMs: 0, sources: [] };
  const text = whyText(
    whyOf(
      status({
        windows: [
          { ...windows, operator: 'hours', kind: 'windows', rowsLate: 2 },
          { ...windows, operator: 'pairs', kind: 'count windows', rowsLate: 0 },
        ],
      }),
    ),
  );
  expect(text.split('\n')).toEqual([
    'delays is running; rows late so far: 0',
    'hours, rows late there since its last start: 2:',
    '  the watermark is at 1970-01-01T00:00:00.000Z; no window is open',
    'pairs:',
    '  a window closes with its last row: ask for a key to see how many it has',
  ]);
  expect(whyText(whyOf(status()))).toMatch(/no operator that holds anything of a key open$/);
});
