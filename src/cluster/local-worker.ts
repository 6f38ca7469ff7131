import { Supervisor, type ToCoordinator, type ToSupervisor, type WorkerEnvironment } from '../actors/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import { factsOf, type SubtaskFacts } from './subtask-facts.ts';
import type { Workers } from './workers.ts';

const name = 'worker-0';

/** The one worker of a job that runs in the coordinator's own process. */
export class LocalWorker implements Workers {
  readonly count = 1;
  readonly spares = 0;
  readonly #environment: WorkerEnvironment;
  readonly #supervisor: Supervisor;
  #killed = false;

  constructor(plan: PhysicalPlan, environment: WorkerEnvironment, report: (message: ToCoordinator) => void) {
    this.#environment = environment;
    this.#supervisor = new Supervisor(name, plan, environment, (message) => this.#later(() => report(message)));
  }

  async available(): Promise<readonly string[]> {
    return [name];
  }

  send(_: string, message: ToSupervisor): void {
    this.#later(() => this.#supervisor.receive(message));
  }

  facts(): readonly SubtaskFacts[] {
    return factsOf(name, this.#supervisor.subtasks, this.#environment.clock);
  }

  async release(): Promise<void> {}

  async kill(): Promise<void> {
    this.#killed = true;
    await this.#supervisor.close();
  }

  /** Nobody is called back in the middle of a transition. */
  #later(call: () => void): void {
    this.#environment.defer(() => {
      if (!this.#killed) call();
    });
  }
}
