/**
 * Module resolution while a job is loaded; Node runs these hooks, in a thread of their own, before those of tsx.
 *
 * Owns two decisions: `weir` and its sub-paths mean this very installation, so that there is never a second copy of the
 * engine's classes in a process; and a `.ts` file of the user's is an ES module even where the nearest package.json does
 * not say so, as in a folder that holds nothing but a job.
 */
import type { ResolveFnOutput, ResolveHookContext } from 'node:module';

/** Specifier → URL of this installation's module. */
export type OwnModules = Readonly<Record<string, string>>;

let own: OwnModules = {};

export function initialize(modules: OwnModules): void {
  own = modules;
}

const typescript = /\.tsx?(\?|$)/;

export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => ResolveFnOutput | Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  const url = own[specifier];
  if (url !== undefined) return { url, format: 'module', shortCircuit: true };
  const found = await next(specifier, context);
  return typescript.test(found.url) && !found.url.includes('/node_modules/') ? { ...found, format: 'module' } : found;
}
