/** The first byte of each part of a key. Frozen with `keyHashVersion`. */
export const keyTag = {
  null: '\x00',
  false: '\x01',
  true: '\x02',
  number: '\x03',
  string: '\x04',
  bytes: '\x05',
  window: '\x06',
  array: '\x07',
} as const;
