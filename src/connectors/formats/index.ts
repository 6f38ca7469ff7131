export { bytes } from './bytes.ts';
export { csv, type CsvOptions } from './csv.ts';
export { asFormat, type FormatDefinition, formatDefinition, type FormatHeader, lineFormat } from './format.ts';
export { json, type JsonValue } from './json.ts';
export { jsonText } from './json-text.ts';
export { encodedRow, encodedText, linesOf, rowText } from './lines-of.ts';
export type { LineScanner } from './line-scanner.ts';
export { msgpack } from './msgpack.ts';
export { text } from './text.ts';
