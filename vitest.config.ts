import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

// Four projects: most tests run in vitest's own processes on the sources; those named *.nats.test.ts talk to a real
// nats-server, which `scripts/test-nats.mjs` finds or fetches before the first of them; those named *.process.test.ts start
// whole programs, and so need the build too, which `scripts/test-build.mjs` brings up to date; of these, the ones of
// test/chaos occupy the machine by themselves, and come one after the other when all else is done, but for those that must fail.
const programs = { globalSetup: ['scripts/test-build.mjs', 'scripts/test-nats.mjs'], testTimeout: 120_000, hookTimeout: 120_000 };
const sideBySide = (group: number, maxWorkers = 2) => ({ maxWorkers, sequence: { groupOrder: group } });
const oneByOne = (group: number) => ({ maxWorkers: 1, sequence: { groupOrder: group } });

/** Whole suites in one test, which take longest: they come first, lest one of them runs alone in the end. */
const long = /test\/(simulation|golden)\/[a-z-]*(lives|late-rows)\.test\.ts$|test\/api\/types\.test\.ts$/;
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const shared = {
  resolve: {
    alias: [
      { find: /^weir$/, replacement: source('index.ts') },
      { find: /^weir\/dstream$/, replacement: source('dstream/index.ts') },
      { find: /^weir\/connectors$/, replacement: source('connectors/index.ts') },
      { find: /^weir\/testing$/, replacement: source('testing/index.ts') },
    ],
  },
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{process,nats}.test.ts'],
          testTimeout: 20_000,
          isolate: false, // each file would load the engine anew, which takes longer than most of them do
          ...sideBySide(0),
        },
      },
      {
        ...shared,
        test: {
          name: 'nats',
          include: ['test/**/*.nats.test.ts'],
          globalSetup: ['scripts/test-nats.mjs'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          ...sideBySide(0),
        },
      },
      {
        ...shared,
        test: {
          name: 'process',
          include: ['test/**/*.process.test.ts'],
          exclude: ['test/chaos/**'],
          ...programs,
          ...sideBySide(1, 3), // each waits for its programs now and then
        },
      },
      {
        ...shared,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.process.test.ts'],
          ...programs,
          ...oneByOne(2),
          maxConcurrency: 2, // what must go wrong may do so beside another: it mostly waits
        },
      },
    ],
  },
});
