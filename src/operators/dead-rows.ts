/** Sets rows aside that an operator could not take. */
import type { Batch } from '../batch/index.ts';
import type { WeirError } from '../core/index.ts';
import type { CallSite } from '../plan/index.ts';
import type { OperatorContext } from './operator.ts';
import { keyInWords } from './key.ts';
import { closureFault, rowFault } from './row-fault.ts';

/** Row `i` of the batch becomes a dead letter; throws the fault if the job has nowhere to put it. */
export function setAside(context: OperatorContext, site: CallSite, batch: Batch, i: number, thrown: unknown): void {
  const position = batch.position(i);
  setAsideFor(context, batch, i, rowFault(thrown, { operator: context.operator, site, position }));
}

/** What is found of row `i`; null where that throws: the row was set aside. */
export function orSetAside<T>(
  context: OperatorContext,
  site: CallSite,
  batch: Batch,
  i: number,
  of: (row: number) => T,
): T | null {
  try {
    return of(i);
  } catch (thrown) {
    setAside(context, site, batch, i, thrown);
    return null;
  }
}

/** The same of a function of the user's that was called for a key; throws the fault where nothing could undo what it had done. */
export function setAsideOfKey(
  context: OperatorContext,
  site: CallSite,
  batch: Batch,
  i: number,
  { key, thrown }: { readonly key: string; readonly thrown: unknown },
): void {
  const position = batch.position(i);
  const fault = closureFault(thrown, { operator: context.operator, site, position, key: keyInWords(key) });
  if (!context.guarded) throw fault;
  setAsideFor(context, batch, i, fault);
}

export function setAsideFor(context: OperatorContext, batch: Batch, i: number, fault: WeirError): void {
  context.deadLetter(
    { bytes: jsonBytes(batch.row(i)), error: fault.message, operator: context.operator, position: batch.position(i) },
    fault,
  );
}

export function jsonBytes(row: object): Uint8Array {
  return new TextEncoder().encode(textOf(row));
}

function textOf(row: object): string {
  try {
    return JSON.stringify(row, replacer);
  } catch {
    // A row that holds itself has no JSON; what is lost here is only the copy for people.
    return '[no JSON]';
  }
}

/** Bytes as base64, and integers that JSON has no form for as text. */
function replacer(this: unknown, _name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
