/**
 * Module resolution while a job is loaded; Node runs these hooks, in a thread of their own.
 *
 * `weir` and its sub-paths mean this very installation, so that there is never a second copy of the engine's classes in a process.
 */
import type { ResolveFnOutput, ResolveHookContext } from 'node:module';

/** Specifier → URL of this installation's module. */
export type OwnModules = Readonly<Record<string, string>>;

let own: OwnModules = {};

export function initialize(modules: OwnModules): void {
  own = modules;
}

export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => ResolveFnOutput | Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  const url = own[specifier];
  return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true };
}
