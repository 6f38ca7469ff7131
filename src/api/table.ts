/** A bounded input that is read whole, to be joined with. */
import { WeirError } from '../core/index.ts';
import { inputsOf, type LogicalNode } from '../plan/index.ts';
import { callSite } from './call-site.ts';
import { checkFinal } from './modes.ts';

declare const tableBrand: unique symbol;
/** A bounded input, read whole before the first row is joined with it. */
export interface Table<out Row extends object> {
  readonly [tableBrand]: Row;
}

/** What a table is at run time. */
export class PlannedTable {
  readonly node: LogicalNode;

  constructor(node: LogicalNode) {
    this.node = node;
  }
}

/** @throws WeirError `E_PLAN` for rows without an end, and for rows that may still change */
export function tableOf<Row extends object>(node: LogicalNode): Table<Row> {
  const call = { verb: 'table()', site: callSite() };
  checkFinal(node, call);
  const endless = endlessSource(node);
  if (endless === undefined) return new PlannedTable(node) as unknown as Table<Row>;
  throw new WeirError('E_PLAN', `table(): ${endless} has no end, so it is never read whole`, {
    hint: 'join with it as a stream: stream.join(other, { on, within })',
  });
}

function endlessSource(node: LogicalNode): string | undefined {
  if (node.kind === 'source') return node.source.bounded ? undefined : node.source.name;
  return inputsOf(node)
    .map(endlessSource)
    .find((name) => name !== undefined);
}
