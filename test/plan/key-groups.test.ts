import { describe, expect, test } from 'vitest';
import { keyGroupsOfJob, ownedGroups, routingTable } from '../../src/plan/index.ts';

const every = Array.from({ length: keyGroupsOfJob }, (_, i) => i + 1);

describe('key groups', () => {
  test('KG1: each has exactly one owner, and table and ranges say the same, at every parallelism', () => {
    for (const parallelism of every) {
      const table = routingTable(keyGroupsOfJob, parallelism);
      const byRange = Array.from({ length: parallelism }, (_, subtask) => {
        const [from, to] = ownedGroups(keyGroupsOfJob, parallelism, subtask);
        return Array.from({ length: to - from }, (_, i) => ({ group: from + i, subtask }));
      }).flat();
      expect(byRange.map(({ group }) => group)).toEqual([...Array(keyGroupsOfJob).keys()]);
      expect(byRange.map(({ subtask }) => subtask)).toEqual([...table]);
    }
  });

  test('KG2: those of a subtask are contiguous, and sizes differ by at most one, at every parallelism', () => {
    for (const parallelism of every) {
      const sizes = Array.from({ length: parallelism }, (_, subtask) => {
        const [from, to] = ownedGroups(keyGroupsOfJob, parallelism, subtask);
        return to - from;
      });
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
    }
  });

  test('KG1: cannot be shared by more subtasks than there are, nor by none', () => {
    for (const wrong of [0, 129]) expect(() => routingTable(128, wrong)).toThrow('KG1');
  });
});
