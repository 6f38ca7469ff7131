/**
 * What cannot run, said before anything starts; and what may surprise.
 *
 * Owns: the checks that need the whole graph (those that need one node are made where it is built).
 */
import { WeirError } from '../core/index.ts';
import { keyGroupsOfJob } from './key-groups.ts';
import { hasWatermark, kindOf, kindsOf } from './kinds.ts';
import { groupTime } from './group-time.ts';
import { alignmentFault } from './alignment.ts';
import type { AggregateNode, LogicalJob, LogicalNode, SinkNode } from './logical.ts';
import type { WatermarkNode } from './watermark-node.ts';
import { type Kind, outputModes } from './output-modes.ts';
import { inputsOf } from './inputs.ts';
import type { Resolved } from './resolve.ts';
import {
  isRegular,
  mayVanish,
  type Refusal,
  refusedChanges,
  refusedEvery,
  refusedReading,
  refusedRetraction,
} from './retraction.ts';
import { isKeyed } from './shuffle-key.ts';
import { refusedTrigger } from './trigger.ts';

export function validateJob(job: LogicalJob, parallelism: number): void {
  if (job.outputs.length === 0) {
    throw new WeirError('E_PLAN', `the pipeline '${job.name}' has no outputs`, {
      hint: 'end a stream with .to(sink) and list it in `outputs`',
    });
  }
  checkParallelism(parallelism, `the pipeline '${job.name}'`);
  checkSinks(job);
  const seen = new Set<LogicalNode>();
  for (const output of job.outputs) {
    checkMode(output.input, output.mode, output.sink.modes, output.site);
    checkOp(output);
    accept(output, refusedEvery(output));
    visit(output, seen);
  }
  const fault = alignmentFault(seen);
  if (fault !== undefined) accept(fault.node, fault);
}

/** Two writers of one file would each find what the other wrote. */
function checkSinks(job: LogicalJob): void {
  const taken = new Map<string, string>();
  for (const { sink, site } of job.outputs) {
    if (!sink.single || !/^file /.test(sink.identity)) continue;
    const other = taken.get(sink.identity);
    if (other !== undefined)
      throw new WeirError(
        'E_PLAN',
        `${site || 'an output'}: ${sink.name} is written by another output${other === '' ? '' : ` (${other})`}, too`,
        { hint: 'give each output a path of its own, or union() the streams' },
      );
    taken.set(sink.identity, site);
  }
}

function visit(node: LogicalNode, seen: Set<LogicalNode>): void {
  if (seen.has(node)) return;
  seen.add(node);
  if (node.parallelism !== undefined) checkParallelism(node.parallelism, at(node));
  if (node.kind === 'watermark') checkWatermark(node);
  if (node.kind === 'aggregate') {
    accept(node, refusedChanges(node));
    accept(node, refusedTrigger(node));
    checkLateness(node);
  } else if (node.kind === 'changelog' || isRegular(node))
    for (const input of inputsOf(node)) accept(node, refusedRetraction(input));
  else if (isKeyed(node) || ['limit', 'lookup', 'mapAsync', 'changes'].includes(node.kind))
    for (const input of inputsOf(node)) checkInput(node, kindOf(input));
  if (node.kind === 'changes') accept(node, refusedReading(node.input));
  if (node.kind === 'process' && node.lateBy !== undefined && !hasWatermark(node.input))
    throw new WeirError(
      'E_PLAN',
      `${at(node)}: late rows, and timeouts in event time, are told by a watermark, and its rows have none`,
      {
        hint: 'call withWatermark() at the source, or choose a timeout in processing time',
      },
    );
  for (const input of inputsOf(node)) visit(input, seen);
}

function checkInput(node: LogicalNode, kind: Kind): void {
  if (kind === 'running' || kind === 'changing')
    throw new WeirError('E_PLAN', `${at(node)}: its input rows never become final, and it takes only final rows`, {
      hint: 'group the first aggregation by a window over a column with withWatermark()',
    });
  if (kind === 'revised')
    throw new WeirError(
      'E_PLAN',
      `${at(node)}: its input rows may be written again for late rows, and it takes only final rows`,
      {
        hint: 'leave lateness out of the first window',
      },
    );
}

function accept(node: LogicalNode, refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new WeirError('E_PLAN', `${at(node)}: ${refusal.reason}`, { hint: refusal.hint });
}

function checkLateness(node: AggregateNode): void {
  const { window } = node;
  if ((window?.latenessMs ?? 0) === 0 || groupTime(node)?.closes === true) return;
  throw new WeirError(
    'E_PLAN',
    `${at(node)}: lateness is how long a window stays after its end, and without a watermark it has none`,
    {
      hint: `call withWatermark('${window!.column}', …) before, or leave lateness out`,
    },
  );
}

function checkMode(input: LogicalNode, mode: 'append' | 'update' | 'complete', accepted: readonly string[], site: string): void {
  const legal = outputModes[kindOf(input)][mode];
  const reason = legal !== true ? legal : accepted.includes(mode) ? null : `✗ this sink does not take mode ${mode}`;
  if (reason !== null) throw new WeirError('E_PLAN', `${site === '' ? '' : `${site}: `}${reason}`);
}

function checkOp({ input: { schema }, sink: { name, op }, site }: SinkNode): void {
  if (op === undefined || schema.kind === 'any' || !schema.fields.some((field) => field.name === op)) return;
  throw new WeirError(
    'E_PLAN',
    `${site === '' ? '' : `${site}: `}there is a column '${op}' already, and sink ${name} adds one of that name`,
    {
      hint: 'give `op` another name',
    },
  );
}

function checkParallelism(parallelism: number, where: string): void {
  if (Number.isSafeInteger(parallelism) && parallelism >= 1 && parallelism <= keyGroupsOfJob) return;
  throw new WeirError('E_PLAN', `${where}: parallelism ${parallelism} is not a whole number from 1 to ${keyGroupsOfJob}`);
}

/** T1: the unit of time is the split, and only a source's own chain knows splits. */
function checkWatermark(node: WatermarkNode): void {
  if (node.parallelism !== undefined) throw misplaced(node, 'has a parallelism of its own');
  checkInSourceChain(node.input, node);
  // What closes windows of one time says nothing of how far the other has come.
  if (hasWatermark(node.input))
    throw new WeirError(
      'E_PLAN',
      `${at(node)}: these rows have a watermark already, and a second one would close what the first one holds open`,
      {
        hint: 'choose one time of the rows: withWatermark(), or withProcessingTime(), once for each source',
      },
    );
}

function checkInSourceChain(node: LogicalNode, watermark: LogicalNode): void {
  switch (node.kind) {
    case 'source':
      return;
    case 'map':
    case 'filter':
    case 'flatMap':
    case 'project':
    case 'watermark':
      if (node.parallelism === undefined) return checkInSourceChain(node.input, watermark);
      break;
    default:
  }
  throw misplaced(
    watermark,
    `stands behind ${node.kind === 'late' ? 'late()' : `a${node.kind === 'aggregate' ? 'n' : ''} ${node.kind}`}${node.parallelism === undefined ? '' : ' with its own parallelism'}`,
  );
}

function misplaced(watermark: LogicalNode, how: string): WeirError {
  return new WeirError('E_PLAN', `${at(watermark)}: withWatermark() ${how}`, {
    hint: "T1: call it in the source's own chain, before any union, key, group, rebalance or change of parallelism",
  });
}

export function at(node: LogicalNode): string {
  return `${node.name ?? node.kind}${node.site === '' ? '' : ` (${node.site})`}`;
}

export function warningsOf(job: LogicalJob, operators: readonly Resolved[]): readonly string[] {
  const warnings: string[] = [];
  const sources = operators.filter(({ node }) => node.kind === 'source').length;
  for (const { node, feeds } of operators) {
    if (node.kind === 'source' && node.source.guarantee !== 'exactly-once')
      warnings.push(`source ${node.source.name} is ${node.source.guarantee}: what it loses or repeats, the job loses or repeats`);
    if (node.kind === 'sink' && node.sink.guarantee !== 'exactly-once')
      warnings.push(
        `sink ${node.sink.name} is ${node.sink.guarantee}: after a crash some rows may be ${node.sink.guarantee === 'at-least-once' ? 'written again' : 'missing'}`,
      );
    if (node.kind === 'watermark' && node.idleAfterMs > 0 && !bounded(feeds[0]?.from.node))
      warnings.push(
        `${at(node)}: a split that is silent for ${node.idleAfterMs / 1000} s no longer holds the watermark back, so which rows are late may depend on time`,
      );
    if (node.kind === 'process' && node.onTimer !== undefined && !hasWatermark(node.input))
      warnings.push(
        `${at(node)}: its rows have no watermark, so its timers in event time fire when the input ends, and not before`,
      );
    if (node.kind === 'sink' && node.mode === 'update' && node.sink.takesBack !== true && kindsOf(node.input).has('session'))
      warnings.push(
        `sink ${node.sink.name} is not told of rows that are taken back: the row of a session that has grown or merged stays beside the new one, unless that replaces it`,
      );
    if (node.kind === 'sink' && node.mode === 'update' && node.sink.takesBack !== true && mayVanish(node.input))
      warnings.push(
        `sink ${node.sink.name} is not told of rows that are taken back: those of which nothing is left stay as they were; changelog() makes rows of them`,
      );
    if (node.kind === 'aggregate' && node.count !== undefined && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so which of them a window of so many rows holds depends on their order of arrival`,
      );
    if (node.kind === 'aggregate' && node.trigger !== undefined && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so what its window holds when its trigger fires depends on their order of arrival`,
      );
    if (node.kind === 'aggregate' && node.session !== undefined && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so whether a row that is nearly late finds a session still open may depend on their order of arrival`,
      );
    if (
      node.kind === 'join' &&
      node.table !== true &&
      node.regular?.ttlMs === undefined &&
      (node.bound === undefined || !node.inputs.some(hasWatermark))
    )
      warnings.push(
        `${at(node)}: it keeps all rows of both streams for ever: bound their times with \`within\`, under a watermark, or join on equal windows`,
      );
    if (node.kind === 'join' && node.asOf === true && node.bound?.lowMs === -Infinity)
      warnings.push(`${at(node)}: it keeps the latest version of each key for ever: say with \`tolerance\` how old one may be`);
    if (node.kind === 'join' && node.asOf === true && !isOfOneSource(node.inputs[1]))
      warnings.push(
        `${at(node)}: its versions are not rows of one source as they come, so which of two of equal time holds may depend on their order of arrival`,
      );
    if (node.kind === 'lookup')
      warnings.push(`${at(node)}: what is found outside may have changed when rows are looked up again after a failure`);
    if (node.kind === 'mapAsync')
      warnings.push(
        `${at(node)}: rows whose calls are under way when the job fails are called for again, and the answer may have changed`,
      );
    if (node.kind === 'dedup' && node.remembered.until === 'expired' && node.remembered.column === undefined)
      warnings.push(
        `${at(node)}: what it remembers expires by the clock, so which rows are duplicates depends on when they come`,
      );
    else if (node.kind === 'dedup' && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so which of them is the first may depend on their order of arrival`,
      );
    if (node.kind === 'upserts' && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so which of them is the last may depend on their order of arrival`,
      );
    if (node.kind === 'process' && node.timeColumns !== undefined && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so what of its state they find forgotten may depend on their order of arrival`,
      );
    if (node.kind === 'process' && node.onTimer !== undefined && sources > 1)
      warnings.push(
        `${at(node)}: rows of one key come from several inputs, so the result of its timers may depend on their order of arrival`,
      );
  }
  if (job.deadLetters === undefined)
    warnings.push('no `deadLetters` sink: a row that a function or a format cannot take fails the job');
  return warnings;
}

/** Rows that know the split and the record that they come from. */
function isOfOneSource(node: LogicalNode): boolean {
  switch (node.kind) {
    case 'source':
      return true;
    case 'map':
    case 'filter':
    case 'flatMap':
    case 'project':
    case 'watermark':
    case 'rebalance':
      return isOfOneSource(node.input);
    default:
      return false;
  }
}

function bounded(node: LogicalNode | undefined): boolean {
  return node?.kind === 'source' && node.source.bounded;
}
