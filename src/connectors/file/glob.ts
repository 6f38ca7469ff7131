/**
 * Patterns of paths: `*` any part of a name, `?` one character of it, `**` any number of folders. A name that begins with
 * a dot is matched only by a pattern whose name does too.
 */
export function isGlob(path: string): boolean {
  return /[*?]/.test(path);
}

/** The folder that all matches lie under, and the rest of the pattern, one name each. */
export function splitGlob(pattern: string): { readonly base: string; readonly names: readonly string[] } {
  const parts = pattern.split('/');
  const first = parts.findIndex(isGlob);
  const base = parts.slice(0, first).join('/');
  return { base: base === '' ? (pattern.startsWith('/') ? '/' : '.') : base, names: parts.slice(first) };
}

/** Does this path, relative to the base, match the names of a pattern? */
export function matchesGlob(path: readonly string[], names: readonly string[]): boolean {
  const [name, ...others] = names;
  if (name === undefined) return path.length === 0;
  if (name === '**')
    return matchesGlob(path, others) || (path.length > 0 && !path[0]!.startsWith('.') && matchesGlob(path.slice(1), names));
  return path.length > 0 && matchesName(path[0]!, name) && matchesGlob(path.slice(1), others);
}

/** May something below this folder match? */
export function reachesGlob(folder: readonly string[], names: readonly string[]): boolean {
  if (folder.length === 0) return true;
  const [name, ...others] = names;
  if (name === undefined || others.length === 0) return name === '**';
  if (name === '**') return !folder[0]!.startsWith('.');
  return matchesName(folder[0]!, name) && reachesGlob(folder.slice(1), others);
}

function matchesName(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const source = pattern.replace(/[.+^${}()|[\]\\*?]/g, (special) =>
    special === '*' ? '.*' : special === '?' ? '.' : `\\${special}`,
  );
  return new RegExp(`^${source}$`, 'su').test(name);
}
