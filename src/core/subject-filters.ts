const wildcards = /[*>]/;

/** Have two filters of NATS (`a.*.b`, `a.>`) a subject in common? A subject is a filter of itself alone. */
export function overlap(a: string, b: string): boolean {
  if (a === b) return true;
  if (!wildcards.test(a) && !wildcards.test(b)) return false;
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; ; i++) {
    const [l, r] = [left[i], right[i]];
    if (l === undefined || r === undefined) return l === r;
    if (l === '>' || r === '>') return true;
    if (l !== r && l !== '*' && r !== '*') return false;
  }
}
