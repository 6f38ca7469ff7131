import { isUtf8 } from 'node:buffer';
import { WeirError } from '../../core/index.ts';

/**
 * The text of a record.
 *
 * @throws WeirError `E_RECORD` for bytes that are not UTF-8: replacing them would change the record silently
 */
export function textOf(record: Uint8Array): string {
  if (!isUtf8(record)) throw new WeirError('E_RECORD', 'the record is not UTF-8');
  const bytes = record instanceof Buffer ? record : Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  return bytes.toString('utf8');
}
