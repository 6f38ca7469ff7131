/**
 * What a person is told about a row that a function of theirs could not take: which operator, which line, which record.
 *
 * Owns: the words, and the search for the line in a stack. Everything that is
 * not ours is `E_CLOSURE`.
 */
import { isOwnCode, type ErrorCode, WeirError, type WeirErrorOptions } from '../core/index.ts';
import type { CallSite } from '../plan/index.ts';

/** An error that knows the operator whose function threw. */
export class RowFault extends WeirError {
  readonly operator: string;

  constructor(code: ErrorCode, message: string, operator: string, options: WeirErrorOptions) {
    super(code, message, options);
    this.operator = operator;
  }
}

export interface FaultAddress {
  readonly operator: string;
  /** Where the function was handed over; for errors that have no better line. */
  readonly site: CallSite;
  /** `split#record`, or '' */
  readonly position: string;
  /** The key in words, of a keyed operator. */
  readonly key?: string;
}

/** Of a stateless function, or of a row that cannot be taken: an error of ours keeps its code. */
export function rowFault(thrown: unknown, at: FaultAddress): RowFault {
  const ours = thrown instanceof WeirError ? thrown : undefined;
  return fault(thrown, at, ours?.code ?? 'E_CLOSURE');
}

/** Of a function that may have changed state: always `E_CLOSURE`, which is what makes the operator run guarded next time. */
export function closureFault(thrown: unknown, at: FaultAddress): RowFault {
  return fault(thrown, at, 'E_CLOSURE');
}

function fault(thrown: unknown, at: FaultAddress, code: ErrorCode): RowFault {
  const place = placeOf(thrown, at.site);
  const where = [
    place === '' ? '' : ` (${place})`,
    at.position === '' ? '' : `, record ${at.position}`,
    at.key === undefined ? '' : `, key ${at.key}`,
  ].join('');
  const message = `operator ${at.operator}${where}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  const hint = thrown instanceof WeirError && thrown.code === code ? { hint: thrown.hint } : {};
  return new RowFault(code, message, at.operator, { cause: thrown, ...hint });
}

const frame = /\(?((?:file:\/\/)?[^\s()]+):(\d+):\d+\)?$/;

/** `file:line` of the innermost frame that is the user's own, else the site. */
function placeOf(thrown: unknown, site: CallSite): string {
  if (!(thrown instanceof Error) || thrown instanceof WeirError) return site;
  for (const line of (thrown.stack ?? '').split('\n')) {
    const match = frame.exec(line.trim());
    if (match === null) continue;
    const path = pathOf(match[1]!);
    if (isForeign(path)) continue;
    return `${shortened(path, site)}:${match[2]}`;
  }
  return site;
}

const pathOf = (file: string): string => (file.startsWith('file://') ? file : `file://${file}`);

function isForeign(path: string): boolean {
  return isOwnCode(path) || path.startsWith('file://node:') || path.includes('<anonymous>') || path.includes('/node_modules/');
}

/** As the site names the file, if it is the same one. */
function shortened(path: string, site: CallSite): string {
  const file = site.replace(/:\d+(?::\d+)?$/, '');
  if (file !== '' && path.endsWith(`/${file}`)) return file;
  return path.slice('file://'.length);
}
