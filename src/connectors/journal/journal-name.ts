import type { SourceContext } from '../../operators/index.ts';

/** The journal of a source in its job's stores. Characters that journals cannot have in their names become `_` and their code. */
export function journalName({ operator }: Pick<SourceContext, 'operator'>): string {
  return `source/${operator.replace(/[^A-Za-z0-9.-]/g, (character) => `_${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}`;
}
