/**
 * How far the heap of a process may grow between two collections of all of it.
 *
 * Rows and state lie outside of the heap, which is small therefore; but V8 counts what comes and goes outside as if it were within, and collects
 * a heap of 20 MB anew for each few of them. So a small heap may grow to four times its size; a larger one as V8 likes.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

let looking: NodeJS.Timeout | undefined;

/** V8's own greatest. */
const growthPercent = 300;
const smallBytes = 96 * 1024 * 1024;
const lookEveryMs = 1000;

/** From now on. Of a program that is not ours, it is the program's own. */
export function letSmallHeapGrow(): void {
  let isSmall = true;
  setGrowth(growthPercent);
  looking = setInterval(() => {
    if (isSmall === getHeapStatistics().used_heap_size < smallBytes) return;
    isSmall = !isSmall;
    setGrowth(isSmall ? growthPercent : 0);
  }, lookEveryMs).unref();
}

/** Where threads have heaps of their own: the limit is that of all of them, and their sizes are not seen from here. */
export function letHeapsGrowAsUsual(): void {
  if (looking === undefined) return;
  clearInterval(looking);
  setGrowth(0);
}

/** 0: as V8 likes. */
const setGrowth = (percent: number): void => setFlagsFromString(`--heap-growing-percent=${percent}`);
