/**
 * When V8 makes optimised code of a function, and how much it puts into it.
 *
 * A job is a few loops over many rows, and a great deal around them that runs once a batch. By itself V8 compiles that as well, each function
 * with all that it calls, on threads that take the cores from the loops: a second of CPU time in each worker. So a function has to have run for
 * longer, and takes in less of what it calls. Loops that are generated, or written out, are what they are.
 */
import { setFlagsFromString } from 'node:v8';

/** Of bytecode that is run before a function is looked at again; V8's own is 67,584. */
const interruptBudget = 500_000;
/** Of bytecode that may be put into one function; V8's own is 920. */
const inlinedBytecodeMax = 300;

/** From now on. Of a program that is not ours, it is the program's own. */
export function compileWhenHot(): void {
  setFlagsFromString(`--interrupt-budget=${interruptBudget}`);
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${inlinedBytecodeMax}`);
}
