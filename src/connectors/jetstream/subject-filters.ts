/** Do two filters have a subject in common? */
export function overlap(a: string, b: string): boolean {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; ; i++) {
    const [l, r] = [left[i], right[i]];
    if (l === undefined || r === undefined) return l === r;
    if (l === '>' || r === '>') return true;
    if (l !== r && l !== '*' && r !== '*') return false;
  }
}
