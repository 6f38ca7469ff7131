/** Two streams to join, as the tests of joins write them. */
import { from, schema, t, timestamp } from 'weir';
import { testSource } from 'weir/testing';

export const L = schema({ id: t.string, a: t.number, at: t.timestamp });
export const R = schema({ id: t.string, b: t.number, seen: t.timestamp });
export const minutes = (n: number) => timestamp(n * 60_000);
export const l = (id: string, at: number, a = 1) => ({ id, a, at: minutes(at) });
export const r = (id: string, seen: number, b = 1) => ({ id, b, seen: minutes(seen) });
export const left = () => from(testSource(L)).withWatermark('at', '1 minute');
export const right = () => from(testSource(R)).withWatermark('seen', '1 minute');
