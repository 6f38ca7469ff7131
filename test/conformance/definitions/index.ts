/** Our queries for the cases, by id. */
import type { Definitions } from '../run.ts';
import { byTheClock } from './clock.ts';
import { counts } from './counts.ts';
import { joins } from './joins.ts';
import { groups } from './groups.ts';
import { firstRows } from './first-rows.ts';
import { keyed } from './keyed.ts';
import { nexmark } from './nexmark.ts';
import { sessions } from './sessions.ts';
import { windows } from './windows.ts';

const definitions: Definitions = {
  ...counts,
  ...windows,
  ...keyed,
  ...byTheClock,
  ...groups,
  ...sessions,
  ...joins,
  ...firstRows,
  ...nexmark,
};
export default definitions;
