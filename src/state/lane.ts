/** Runs tasks one after another: the next starts when the one before has settled, however it did. */
export class Lane {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    // The lane goes on after a failure; the failure itself belongs to whoever asked for the task.
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
