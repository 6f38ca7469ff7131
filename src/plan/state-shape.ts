/**
 * What a declared state is made of, as a manifest keeps it, and whether another declaration can take it over.
 *
 * Owns: which changes lose nothing. A field may be added to a struct where it is nullable, and a value may become nullable; what is more
 * needs a function of the user's, which says what it takes. How long values are kept may always change.
 */
import { type FieldType, typeId } from '../batch/index.ts';
import type { StateDeclaration } from './logical.ts';

/** Plain data. */
export interface StateShape {
  readonly kind: StateDeclaration['kind'];
  /** Of a map. */
  readonly key?: FieldType;
  readonly value: FieldType;
  /** When it was written lies beside each value. */
  readonly timed: boolean;
  /** That is a moment of event time. */
  readonly inEventTime?: boolean;
}

/** How values of an earlier shape become values of a declaration: by the function given, or as they are. */
export type Takeover = 'as they are' | 'migrated';

export function shapeOf(declared: StateDeclaration): StateShape {
  const { type, nullable } = declared.value;
  return {
    kind: declared.kind,
    ...(declared.kind === 'map' ? { key: { type: declared.key.type, nullable: false } } : {}),
    value: { type, nullable },
    timed: declared.ttlMs !== undefined,
    ...(declared.ttlTime === 'event' ? { inEventTime: true } : {}),
  };
}

/** Undefined: not at all. */
export function takeover(was: StateShape, is: StateDeclaration): Takeover | undefined {
  const shape = shapeOf(is);
  const sameKeys =
    was.key === undefined ? shape.key === undefined : shape.key !== undefined && typeId(was.key) === typeId(shape.key);
  if (was.kind !== is.kind || !sameKeys) return undefined;
  if (typeId(was.value) === typeId(shape.value)) return 'as they are';
  if (is.migrate !== undefined && typeId(is.migrate.from) === typeId(was.value)) return 'migrated';
  return holds(shape.value, was.value) ? 'as they are' : undefined;
}

/** Whether every value of the one is a value of the other, but for fields that are then null. */
function holds(is: FieldType, was: FieldType): boolean {
  if (was.nullable && !is.nullable) return false;
  if (is.type.kind === 'struct' && was.type.kind === 'struct') {
    const before = new Map(was.type.fields.map((field) => [field.name, field]));
    const names = new Set(is.type.fields.map(({ name }) => name));
    if (was.type.fields.some(({ name }) => !names.has(name))) return false;
    return is.type.fields.every((field) => {
      const known = before.get(field.name);
      return known === undefined ? field.nullable : holds(field, known);
    });
  }
  if (is.type.kind === 'list' && was.type.kind === 'list') return holds(is.type.of, was.type.of);
  return typeId({ type: is.type, nullable: false }) === typeId({ type: was.type, nullable: false });
}
