/** What the engine logs with: the part of pino that it uses. One line per transition or checkpoint, never per record. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
export type LogFields = Readonly<Record<string, unknown>>;

/** For tests and for embedding programs that want silence. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
