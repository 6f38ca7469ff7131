/** What a grouping's keys and kind are: types only. */
import type { Kind, OutputMode, OutputModes } from '../plan/index.ts';
import type { Plain } from './aggregate-types.ts';
import type { Expr, ValueOf } from './expr-types.ts';
import type { Show } from './fields.ts';
import type { GlobalWindowKey } from './global-window.ts';
import type { EventWindow, Timestamp, Watermarked, Window } from './values.ts';
import type { RowSpan, WindowKey } from './window-key.ts';

export type KeysOf<Row, T> = { [K in keyof Row & string]: [Row[K]] extends [T] ? K : never }[keyof Row & string];
/** The columns that can be a window's time. */
export type TimeKey<Row> = KeysOf<Row, Timestamp | Date | Window>;
/** The same, or why there is none. */
export type SomeTimeKey<Row> = [TimeKey<Row>] extends [never]
  ? '✗ no column here can be an event time, a timestamp that is not nullable: without nullable() a record that has none is a dead letter, orElse() gives it one'
  : TimeKey<Row>;
/** Those of these columns, or of all, that are under a watermark. */
export type EventTimeIn<Row, C> = KeysOf<Row, Watermarked> & (C extends readonly (infer N)[] ? N : string);
type TimeOfWindow<Row, K> =
  K extends WindowKey<any, infer N, infer T> ? ([N] extends [never] ? T : N extends keyof Row ? Row[N] : never) : never;
/** The time that a key stands for, if any: a window's, or a timestamp's own. */
type TimeOfKey<Row, K> = K extends WindowKey
  ? TimeOfWindow<Row, K>
  : K extends Expr<infer V>
    ? V
    : K extends keyof Row
      ? Row[K]
      : never;
type WindowOf<Row, K> =
  K extends WindowKey<'count'> ? RowSpan : [TimeOfWindow<Row, K>] extends [Watermarked] ? EventWindow : Window;
/** What an aggregation by the keys `K` of a stream of kind `From` is. */
export type GroupKind<Row, K, From extends Kind> = From extends 'running' | 'revised' | 'changing'
  ? 'running'
  : [Extract<K, WindowKey<'count'>>] extends [never]
    ? GlobalGroupKind<Row, K, From>
    : 'counted';
type GlobalGroupKind<Row, K, From extends Kind> = [Extract<K, GlobalWindowKey>] extends [never]
  ? TimedGroupKind<Row, K, From>
  : [Extract<K, GlobalWindowKey<'kept'>>] extends [never]
    ? 'triggered'
    : 'running';
type TimedGroupKind<Row, K, From extends Kind> = [Extract<TimeOfKey<Row, K>, Watermarked>] extends [never]
  ? 'running'
  : [Extract<K, WindowKey<'revised'>>] extends [never]
    ? FinalGroupKind<K, From>
    : 'revised';
type FinalGroupKind<K, From extends Kind> = From extends OnceKind
  ? [Extract<K, WindowKey<'session'>>] extends [never]
    ? 'windowed'
    : 'session'
  : 'chained';
/** The columns of the keys: `window` first, then those that were named. */
export type GroupRow<Row, K> = Show<
  ([Extract<K, WindowKey>] extends [never] ? {} : { window: WindowOf<Row, Extract<K, WindowKey>> }) & {
    [P in Extract<K, keyof Row>]: KeyValueOf<K, Row[P]>;
  }
>;

/** The same of keys by expressions, under their names; a global window is none of them. */
export type KeyRow<Row, S> = {
  -readonly [P in keyof S as S[P] extends GlobalWindowKey ? never : P]: S[P] extends WindowKey
    ? WindowOf<Row, S[P]>
    : KeyValueOf<S[keyof S], ValueOf<S[P]>>;
};
/** A time among the keys of a window that no watermark closes may lie behind it when its row goes out. */
type KeyValueOf<K, V> = [Extract<K, WindowKey<'count'> | GlobalWindowKey>] extends [never] ? V : Plain<V>;

/** Kinds whose rows are final when they arrive: what keyed state and timers need. */
export type FinalKind = { [K in Kind]: OutputModes[K]['append'] extends true ? K : never }[Kind];
/** What some of the rows of a stream of kind `K` are: those of an aggregation only once they are final. */
export type SelectedKind<K extends Kind> = K extends OnceKind ? 'rows' : 'chained';
/** Kinds whose rows come once, and are final then: as good as rows of a source. */
export type OnceKind = 'rows' | 'counted' | 'triggered';
/** `unknown` where rows of this kind may be written in this mode to a sink that takes `S`, the reason where not. */
export type CheckMode<K extends Kind, M extends OutputMode, S extends OutputMode = OutputMode> = OutputModes[K][M] extends true
  ? [M] extends [S]
    ? unknown
    : `✗ this sink does not take mode ${M}`
  : OutputModes[K][M];
