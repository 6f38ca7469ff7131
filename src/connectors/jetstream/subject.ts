import { WeirError } from '../../core/index.ts';

/**
 * A text as one token of a subject, as it is.
 *
 * @throws WeirError `E_VALUE` for one that would be several, a wildcard, or another command to the server
 */
export function subjectToken(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  throw new WeirError('E_VALUE', `${JSON.stringify(text)} is no token of a subject`, {
    hint: 'a token has letters, digits, - and _; make one of the value first',
  });
}

/** What a consumer can be asked for: `orders.*.new`, `orders.>`. */
export function isSubjectFilter(text: string): boolean {
  const tokens = text.split('.');
  return tokens.every(
    (token, i) => /^[^\p{C}\s.*>]+$/u.test(token) || token === '*' || (token === '>' && i === tokens.length - 1),
  );
}
