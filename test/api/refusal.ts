import { expect } from 'vitest';

/** The message of a refusal, without the place that it names, which is in that file; `taken` if there is none. */
export const refusalIn =
  (file: string) =>
  (attempt: () => unknown): string => {
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_PLAN' });
      const [place] = / at \S+:\d+/.exec((error as Error).message) ?? [];
      expect(place?.replace(/\d+$/, '')).toBe(` at test/api/${file}:`);
      return (error as Error).message.replace(place!, '');
    }
    return 'taken';
  };
