import type { OperatedJob, Stopped } from '../../src/runtime/index.ts';
import { FakeJob } from './fake-job.ts';

/** What operators ask of it is kept; it stops when the test says so, or at once. */
export class OperatedFake extends FakeJob implements OperatedJob {
  readonly asked: string[] = [];
  /** Instead of stopping at once. */
  stopping: (() => Promise<Stopped>) | undefined;
  /** Before a savepoint is there. */
  saving: () => Promise<void> = async () => {};

  async stopForAll(savepoint?: string): Promise<Stopped> {
    this.asked.push(`stop ${savepoint ?? ''}`.trim());
    if (this.stopping !== undefined) return this.stopping();
    return { state: 'stopped', epoch: this.current.report.epoch, savepoint: savepoint ?? null };
  }
  override async savepoint(): Promise<number> {
    this.asked.push('savepoint');
    await this.saving();
    return this.current.report.epoch;
  }
}
