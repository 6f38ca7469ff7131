// `npm run fuzz:json -- [--seconds 60] [--seed N] [--break NAME] [--replay INPUT] [--json]`
//
// Random lines of JSON, damaged and not, through the reader of sources (compiled, with a window and without, interpreted, record by record) and through JSON.parse
// and the schema; and what was read through the writer and JSON.stringify. Which columns are wanted, and where chunks end, is random too.
// A mismatch is printed with the input, as `--replay` takes it, and ends it with 1. `--break` plants a wrong reader: it must be found.
import { register } from 'tsx/esm/api';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';

const {
  seconds = '60',
  seed = String(Date.now() % 1e9),
  break: name,
  replay,
  json = false,
} = words(process.argv.slice(2), ['seconds', 'seed', 'break', 'replay', 'json']);
if (!(await installIfMissing())) process.exit(1);
register();
const { fuzz, tried } = await import('../test/connectors/json-fuzz/fuzz.ts');
const { breaks, broken } = await import('../test/connectors/json-fuzz/broken.ts');
if (name !== undefined && !breaks.includes(name)) {
  process.stderr.write(`--break takes ${breaks.join(', ')}\n`);
  process.exit(2);
}
Error.stackTraceLimit = 0; // records that are refused are errors, and nobody looks where they come from
const wrap = name === undefined ? undefined : broken(name);

function told({ replay: input, reader, record, wanted, found }) {
  process.stdout.write(`${reader}: record ${record} of this input is another than JSON.parse and the schema say\n`);
  process.stdout.write(`  wanted: ${JSON.stringify(wanted)}\n  found:  ${JSON.stringify(found)}\n`);
  const again = Buffer.from(JSON.stringify(input)).toString('base64');
  process.stdout.write(`npm run fuzz:json -- ${name === undefined ? '' : `--break ${name} `}--replay ${again}\n`);
}

if (replay !== undefined) {
  const { mismatch } = tried(JSON.parse(Buffer.from(replay, 'base64').toString()), wrap);
  if (mismatch !== null) told(mismatch);
  process.exit(mismatch === null ? 0 : 1);
}
const begun = performance.now();
const end = begun + Number(seconds) * 1000;
const { inputs, records, taken, mismatch } = fuzz(Number(seed), () => performance.now() >= end, wrap);
const each = Math.round((inputs * 1000) / (performance.now() - begun));
const share = Math.round((taken * 100) / (4 * records));
const mismatches = mismatch === null ? 0 : 1;
if (mismatch !== null) told(mismatch);
const said = `seed ${seed}: ${inputs} inputs, ${records} records (${share} % taken), ${each} inputs/s, ${mismatches} mismatches`;
process.stdout.write(
  json ? `${JSON.stringify({ seed: Number(seed), inputs, records, taken, inputsPerSecond: each, mismatches })}\n` : `${said}\n`,
);
process.exit(mismatches);
