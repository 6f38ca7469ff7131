/**
 * Blobs that no retained checkpoint needs. Pure.
 *
 * @param retained the ids that each retained manifest lists, and those of chains that live on
 * @param known what the store has
 */
export function garbage(retained: Iterable<Iterable<string>>, known: Iterable<string>): readonly string[] {
  const needed = new Set<string>();
  for (const ids of retained) for (const id of ids) needed.add(id);
  return [...new Set(known)].filter((id) => !needed.has(id));
}
