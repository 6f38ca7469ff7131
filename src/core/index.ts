export { type Clock, sleep, type Timer } from './clock.ts';
export { canCompile } from './code-generation.ts';
export { type Duration, durationMs, formatMs } from './duration.ts';
export { errorForm, type ErrorForm, errorOf } from './error-form.ts';
export { type ErrorCode, type ErrorDomain, errorCodes, type Retry, WeirError, type WeirErrorOptions } from './errors.ts';
export {
  type Epoch,
  epoch,
  type Generation,
  generation,
  type KeyGroup,
  keyGroup,
  type OperatorId,
  operatorId,
  type SubtaskIndex,
  subtaskIndex,
} from './ids.ts';
export { invariant, unreachable } from './invariant.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { type Sabotage, type SabotageName, sabotages } from './sabotage.ts';
export { isOwnCode, ownModule } from './own-code.ts';
export { Recent } from './recent.ts';
export { type Random, seededRandom } from './random.ts';
export { overlap } from './subject-filters.ts';
export { continuous, type RunTrigger, runTrigger, type Trigger, triggerOf } from './trigger.ts';
