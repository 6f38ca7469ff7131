// The other half of the lives of lives.test.ts, beside it.
import { test } from 'vitest';
import { livesGoWell } from './lives-go-well.ts';

test('a simulated cluster gives the plain answer, whatever happens to it', { timeout: 240_000 }, () => livesGoWell(266, 30));
