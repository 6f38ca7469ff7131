/** The sources and sinks of a job as one process has them: what they do they do in its time, and not once it is dead. */
import { WeirError } from '../../core/index.ts';
import type { SinkDefinition, SourceDefinition } from '../../operators/index.ts';
import type { LogicalJob, LogicalNode } from '../../plan/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export type OutsideCall = 'read' | 'write' | 'stage' | 'commit';

/** How quick sources and sinks are, and how good. */
export interface Pace {
  /** How long a call takes, ms. */
  latency(call: OutsideCall): number;
  /** Whether this call fails. */
  fails(call: OutsideCall): boolean;
  /** Whether a source may go on behind this position of a split. */
  mayPass(source: string, split: string, position: unknown): boolean;
}

const holdMs = 20;

/** The same job, whose sources and sinks belong to the process. */
export function inProcess(outputs: LogicalJob['outputs'], process: SimulatedProcess, pace: Pace): LogicalJob['outputs'] {
  const known = new Map<LogicalNode, LogicalNode>();
  const own = <N extends LogicalNode>(node: N): N => {
    const before = known.get(node);
    if (before !== undefined) return before as N;
    const made = copy(node) as N;
    known.set(node, made);
    return made;
  };
  const copy = (node: LogicalNode): LogicalNode => {
    if (node.kind === 'source') return { ...node, source: ownSource(node.source as SourceDefinition, process, pace) };
    if ('inputs' in node) return { ...node, inputs: node.inputs.map(own) } as LogicalNode;
    if (node.kind === 'sink')
      return { ...node, input: own(node.input), sink: ownSink(node.sink as SinkDefinition, process, pace) };
    return { ...node, input: own(node.input) } as LogicalNode;
  };
  return outputs.map(own);
}

/** A call of what is outside: it takes time, may fail, and the process may die before or after it. */
async function outside(process: SimulatedProcess, pace: Pace, call: OutsideCall): Promise<void> {
  if (!process.point()) return new Promise(() => undefined);
  const latency = pace.latency(call);
  if (latency > 0) await process.sleep(latency);
  if (pace.fails(call)) throw new WeirError(call === 'read' ? 'E_SOURCE' : 'E_SINK', `a ${call} failed, as it may`);
}

function ownSource(source: SourceDefinition, process: SimulatedProcess, pace: Pace): SourceDefinition {
  return {
    ...source,
    ...(source.project === undefined ? {} : { project: (columns) => ownSource(source.project!(columns), process, pace) }),
    open: async (split, from, records, context) => {
      const reader = await source.open(split, from, records, context);
      return {
        read: async () => {
          await outside(process, pace, 'read');
          context.signal.throwIfAborted();
          const piece = await reader.read();
          while (piece !== null && !pace.mayPass(source.name, split, piece.position)) {
            await process.sleep(holdMs);
            context.signal.throwIfAborted();
          }
          return piece;
        },
        close: () => reader.close(),
      };
    },
  };
}

/** A sink that belongs to the process. */
export function ownSink(sink: SinkDefinition, process: SimulatedProcess, pace: Pace): SinkDefinition {
  return {
    ...sink,
    open: async (context, states) => {
      await outside(process, pace, 'write');
      const writer = await sink.open(context, states);
      return {
        ...(writer.snapshot === undefined ? {} : { snapshot: () => writer.snapshot!() }),
        ...(writer.close === undefined ? {} : { close: () => writer.close!() }),
        write: async (batch) => {
          await outside(process, pace, 'write');
          await writer.write(batch);
        },
        stage: async (epoch, replaced) => {
          await outside(process, pace, 'stage');
          return writer.stage(epoch, replaced);
        },
        commit: async (permit, staged) => {
          await outside(process, pace, 'commit');
          await writer.commit(permit, staged);
          await outside(process, pace, 'commit');
        },
      };
    },
  };
}
