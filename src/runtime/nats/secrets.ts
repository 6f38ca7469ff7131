/**
 * What must not be read by whoever reads a log or an error.
 *
 * Owns: the one function through which every log line and every error about a connection goes. Known secrets are taken out
 * wherever they stand; what looks like one (credentials in a URL, a JWT, a seed, a private key) even if it is not known.
 * Invariants: NC1 no password, token, JWT, seed or private key of a connection is in a log line, or in an error of it.
 */
import { type LogFields, type Logger, WeirError } from '../../core/index.ts';

export type Redact = (text: string) => string;

const hidden = '***';
/** A shorter one would hide half of every text, and protect nothing. */
const secretLettersMin = 4;
const depthMax = 6;

const shapes: readonly (readonly [RegExp, string])[] = [
  [/(\/\/)[^\s,'"]*@/g, `$1${hidden}@`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, hidden],
  [/\bS[A-Z][A-Z2-7]{56}\b/g, hidden],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
];

export function redactor(secrets: readonly string[]): Redact {
  const known = secrets
    .filter((secret) => secret.length >= secretLettersMin)
    .flatMap((secret) => [secret, ...inUrls(secret)])
    .sort((a, b) => b.length - a.length); // of two that begin alike, the longer one is taken out whole
  return (text) => {
    const shaped = shapes.reduce((rest, [shape, instead]) => rest.replace(shape, instead), text);
    return known.reduce((rest, secret) => rest.replaceAll(secret, hidden), shaped);
  };
}

/** What is no text at all cannot stand in a URL either. */
function inUrls(secret: string): string[] {
  try {
    return [encodeURIComponent(secret)];
  } catch {
    return [];
  }
}

/** The same error without secrets, in its causes too. */
export function redactedError(error: WeirError, redact: Redact): WeirError {
  const { code, message, hint, retry, cause } = error;
  return new WeirError(code, redact(message), { hint: redact(hint), retry, cause: redactedCause(cause, redact, 0) });
}

export function redactedLogger(logger: Logger, redact: Redact): Logger {
  const clean = (fields: LogFields): LogFields => redactedValue(fields, redact, 0) as LogFields;
  return {
    debug: (fields, message) => logger.debug(clean(fields), redact(message)),
    info: (fields, message) => logger.info(clean(fields), redact(message)),
    warn: (fields, message) => logger.warn(clean(fields), redact(message)),
    error: (fields, message) => logger.error(clean(fields), redact(message)),
  };
}

function redactedValue(value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === 'string') return redact(value);
  if (value instanceof Error) return redactedCause(value, redact, depth);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === depthMax) return hidden;
  if (Array.isArray(value)) return value.map((each) => redactedValue(each, redact, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, redactedValue(each, redact, depth + 1)]));
}

/** An error has more on it than its message (`input` of an invalid URL), so that only what is known to be clean is kept. */
function redactedCause(cause: unknown, redact: Redact, depth: number): unknown {
  if (!(cause instanceof Error)) return redactedValue(cause, redact, depth);
  if (depth === depthMax) return hidden;
  if (cause instanceof WeirError) return redactedError(cause, redact);
  const inner = cause.cause === undefined ? {} : { cause: redactedCause(cause.cause, redact, depth + 1) };
  const clean = new Error(redact(cause.message), inner);
  clean.name = cause.name;
  if (cause.stack !== undefined) clean.stack = redact(cause.stack);
  return clean;
}
