/** An error as plain data, so that it may come from another process or thread. */
import { type ErrorCode, type Retry, WeirError } from './errors.ts';

export interface ErrorForm {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retry: Retry;
}

export const errorForm = ({ code, message, hint, retry }: WeirError): ErrorForm => ({ code, message, hint, retry });

/** As if it had been thrown here. */
export const errorOf = ({ code, message, hint, retry }: ErrorForm): WeirError => new WeirError(code, message, { hint, retry });
