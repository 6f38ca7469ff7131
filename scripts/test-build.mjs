// vitest's global setup of the tests that start whole programs: they run the build, so it has to be that of these sources.
import { buildIfStale } from './build.mjs';

export async function setup() {
  if (!(await buildIfStale())) process.stderr.write('the build has type errors; testing what was emitted\n');
}
