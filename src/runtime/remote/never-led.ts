import { WeirError } from '../../core/index.ts';

/** A coordinator that waited for its turn has nothing to wait for any more; nothing was begun. */
export class NeverLed extends WeirError {
  constructor(why: string) {
    super('E_RUNNING', why, { hint: 'start it again: a new start leads the job, and goes on from its last checkpoint' });
  }
}
