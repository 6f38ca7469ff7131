// `npm run test:bounded [-- --rows 1000000] [--only NAME]`
//
// What every operator that keeps state holds, entries and bytes, after 10,000 rows and after a million, under a watermark that follows them. Exits
// 1 if one holds more than a tenth more at the end. The operators are in test/bounded/operators.ts.
import { tsImport } from 'tsx/esm/api';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';

const { rows = '1000000', only } = words(process.argv.slice(2), ['rows', 'only']);
const growthMax = 1.1;
if (!(await installIfMissing())) process.exit(1);
const { boundedOperators } = await tsImport('../test/bounded/operators.ts', import.meta.url);
const { growth, held } = await tsImport('../test/bounded/measure.ts', import.meta.url);

const line = (name, ...cells) =>
  process.stdout.write(`${[name.padEnd(34), ...cells.map((cell) => String(cell).padStart(10))].join('  ')}\n`);
line('operator', 'entries', 'bytes', 'entries', 'bytes', 'growth');
line('', 'at 10000', '', `at ${rows}`, '', '');
let tooMuch = 0;
for (const operators of Object.values(boundedOperators)) {
  for (const [name, operator] of Object.entries(operators)) {
    if (only !== undefined && only !== name) continue;
    const found = await held(operator, [10_000, Number(rows)]);
    const [first, last] = found;
    const times = growth(found);
    if (times > growthMax) tooMuch++;
    line(name, first.entries, first.bytes, last.entries, last.bytes, `${times.toFixed(3)}${times > growthMax ? ' GROWS' : ''}`);
  }
}
process.exit(tooMuch === 0 ? 0 : 1);
