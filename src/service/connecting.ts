import type { Command } from 'commander';
import { type ConnectionFlags, connectionFlags } from '../runtime/index.ts';

type Said = Readonly<Record<string, unknown>>;

/** A command that connects: the flags of a connection come apart from the others, and are handed on as one. */
export function connecting(
  command: Command,
  action: (words: readonly (string | undefined)[], settings: Said & { readonly flags: ConnectionFlags }) => Promise<void>,
): void {
  const own = connectionFlags();
  for (const option of own) command.addOption(option);
  const names = new Set(own.map((option) => option.attributeName()));
  command.action(async (...all: unknown[]) => {
    const said = Object.entries(command.opts());
    const of = (isOurs: boolean): object => Object.fromEntries(said.filter(([name]) => names.has(name) === isOurs));
    const words = all.slice(0, command.registeredArguments.length) as (string | undefined)[];
    await action(words, { ...of(false), flags: of(true) as ConnectionFlags });
  });
}
