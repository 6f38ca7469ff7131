import { isPipeline, type Params, type Pipeline } from '../api/index.ts';
import { WeirError } from '../core/index.ts';
import { describe, type JobModule } from './load-job.ts';
import { unlessIdle } from './unless-idle.ts';

/**
 * The pipeline that a module exports as its default, or that the function makes which it exports.
 *
 * @throws WeirError `E_MODULE` if the export is neither, or the function throws something that is no WeirError
 */
export async function jobPipeline(module: JobModule, params: Params): Promise<Pipeline> {
  const { exported, name } = module;
  if (isPipeline(exported)) return exported;
  if (typeof exported !== 'function') throw notAPipeline(module);
  const made = await call(exported as (params: Params) => unknown, params, name);
  if (isPipeline(made)) return made;
  throw new WeirError('E_MODULE', `the function that ${name} exports gave ${describe(made)} instead of a pipeline`);
}

async function call(make: (params: Params) => unknown, params: Params, name: string): Promise<unknown> {
  try {
    return await unlessIdle(Promise.resolve(make(params)), 'E_MODULE', `the function that ${name} exports`);
  } catch (error) {
    if (error instanceof WeirError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_MODULE', `the function that ${name} exports threw: ${said}`, {
      cause: error,
      hint: 'mend the function, or what it found: nothing was started',
    });
  }
}

function notAPipeline({ exported, name, names }: JobModule): WeirError {
  if (exported !== undefined)
    return new WeirError('E_MODULE', `the default export of ${name} is ${describe(exported)}, not a pipeline`);
  const others = names.length === 0 ? 'nothing at all' : `only ${names.join(', ')}`;
  return new WeirError('E_MODULE', `${name} has no default export, ${others}`);
}
