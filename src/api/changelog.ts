/** A result as what happens to its rows. */
import { schemaWithOps } from '../batch/index.ts';
import type { ChangelogNode, LogicalNode } from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { checkRetracted } from './modes.ts';

/** A row is new, is replaced (as it was, then as it is), or is gone. */
export type ChangeOp = '+I' | '-U' | '+U' | '-D';

/** @throws WeirError `E_PLAN` */
export function changelogOf(input: LogicalNode, call: Call): ChangelogNode {
  const { schema } = input;
  checkRetracted(input, call);
  if (schema.kind === 'columns' && schema.fields.some(({ name }) => name === 'op'))
    throw refused(call, "there is a column 'op' already, which says what happens to a row", 'rename it first');
  return { kind: 'changelog', input, site: call.site, schema: schemaWithOps(schema, 'op') };
}
