/** The three ways from a subtask to the subtasks of the next stage. */
import { type Batch, keyGroupOf } from '../batch/index.ts';
import { routingHash } from '../operators/index.ts';
import { type Edge, routingTable } from '../plan/index.ts';
import type { Router } from './edge-output.ts';

export function routerOf(edge: Edge, channels: number, subtask: number, keyGroups: number): Router {
  switch (edge.kind) {
    case 'forward':
      return toOne;
    case 'rebalance':
      return channels === 1 ? toOne : roundRobin(channels, subtask);
    case 'hash':
      return channels === 1 ? toOne : byKey(edge.key!, channels, keyGroups);
  }
}

const toOne: Router = (batch) => [{ channel: 0, batch }];

/** Whole batches in turn; subtasks begin at different channels. */
function roundRobin(channels: number, subtask: number): Router {
  let next = subtask % channels;
  return (batch) => {
    const channel = next;
    next = (next + 1) % channels;
    return [{ channel, batch }];
  };
}

function byKey(key: NonNullable<Edge['key']>, channels: number, keyGroups: number): Router {
  const owner = routingTable(keyGroups, channels);
  const hashes = routingHash(key);
  return (batch) => {
    const hashAt = hashes(batch);
    const rows = partition(batch, channels, (row) => owner[keyGroupOf(hashAt(row), keyGroups)]!);
    return rows.flatMap((selected, channel) =>
      selected.length === 0 ? [] : [{ channel, batch: selected.length === batch.length ? batch : batch.select(selected) }],
    );
  };
}

/** By channel, its rows. */
function partition(batch: Batch, channels: number, channelOf: (row: number) => number): readonly Int32Array[] {
  const of = new Int32Array(batch.length);
  const counts = new Int32Array(channels);
  for (let row = 0; row < of.length; row++) {
    const channel = channelOf(row);
    of[row] = channel;
    counts[channel]!++;
  }
  const rows = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let row = 0; row < of.length; row++) {
    const channel = of[row]!;
    rows[channel]![counts[channel]!++] = row;
  }
  return rows;
}
