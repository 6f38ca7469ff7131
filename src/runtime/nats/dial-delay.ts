/**
 * How long a client waits before it dials a server again.
 *
 * The client holds the wall time of the last dial against that of now: after the clock was set back by an hour it would dial nobody for an
 * hour. So it is asked by a clock that cannot go back whether this one did.
 */

/** @returns what the client asks before each look: for one connection, since it remembers how the clocks stood */
export function dialDelay(waitMs: number): () => number {
  let between = performance.now() - Date.now();
  return () => {
    const before = between;
    between = performance.now() - Date.now();
    return between - before > waitMs ? Number.NEGATIVE_INFINITY : waitMs + Math.floor(Math.random() * waitMs);
  };
}
