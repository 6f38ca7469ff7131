/** All nemeses, and one by the name of each fault. */
import { nearestName } from '../api/index.ts';
import { WeirError } from '../core/index.ts';
import { diskNemeses } from './nemesis/disk.ts';
import type { Nemesis } from './nemesis/nemesis.ts';
import { networkNemeses } from './nemesis/network.ts';
import { processNemeses } from './nemesis/processes.ts';

export const nemeses: readonly Nemesis[] = [...processNemeses, ...networkNemeses, ...diskNemeses];

const single: readonly Nemesis[] = nemeses.flatMap((nemesis) =>
  nemesis.faults.map((fault) => ({ ...nemesis, name: fault.kind, faults: [fault] })),
);

/** @throws WeirError `E_USAGE` for a name that none has */
export function nemesesNamed(names: readonly string[]): readonly Nemesis[] {
  const all = [...nemeses, ...single];
  return names.map((name) => {
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    const meant = nearestName(
      name,
      all.map((each) => each.name),
    );
    throw new WeirError('E_USAGE', `there is no nemesis '${name}'`, {
      hint: meant === undefined ? `there are ${nemeses.map((each) => each.name).join(', ')}` : `did you mean ${meant}?`,
    });
  });
}
