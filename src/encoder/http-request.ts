import { setTimeout as sleep } from 'node:timers/promises';
import { CapabilityError } from '../util/errors.ts';
import { excerpt } from './black-box.ts';
import type { RequestPace } from './request-pace.ts';

/** Longest answer that is read. */
const ANSWER_LIMIT_BYTES = 1 << 20;
/** Longest wait between two attempts, whatever the server asks for. */
const LONGEST_WAIT_MS = 60_000;

/** One POST, and how persistently it is made. */
export interface PostOptions {
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly backoffMs: number;
  readonly pace: RequestPace;
  readonly signal: AbortSignal;
  /** Called for each attempt. */
  readonly onQuery: () => void;
}

/** Why an attempt gave nothing, and whether another may. */
interface Failure {
  readonly reason: string;
  readonly hint?: string;
  readonly retry: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An address as it may be shown: without user name, password and query, which may hold a key. */
export const shownAddress = (url: URL): string => `${url.origin}${url.pathname}`;

/**
 * Posts until there is an answer: again after 429, 5xx, a timeout or a broken connection, each time after twice the wait or as Retry-After says.
 * Redirects are not followed: a photograph goes to the address that was given and no further.
 *
 * @returns the answer's text.
 * @throws CapabilityError where the server refuses, or fails on the last attempt too.
 */
export async function postForText(options: PostOptions): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    await options.pace.take(options.signal);
    options.onQuery();
    const result = await attemptPost(options);
    if (typeof result === 'string') return result;
    options.signal.throwIfAborted();
    if (!result.retry || attempt >= options.retries) {
      const tries = attempt > 0 ? ` (${attempt + 1} attempts)` : '';
      throw new CapabilityError(`${shownAddress(options.url)} ${result.reason}${tries}`, {
        ...(result.hint === undefined ? {} : { hint: result.hint }),
        cause: result.cause,
      });
    }
    const waitMs = result.retryAfterMs ?? options.backoffMs * 2 ** attempt;
    await sleep(Math.min(waitMs, LONGEST_WAIT_MS), undefined, { signal: options.signal });
  }
}

async function attemptPost(options: PostOptions): Promise<string | Failure> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await fetch(options.url, {
      method: 'POST',
      headers: options.headers,
      body: options.body,
      redirect: 'manual',
      signal: AbortSignal.any([timeout, options.signal]),
    });
    const text = await readLimited(response);
    if (text === undefined) return { reason: `answered with more than ${ANSWER_LIMIT_BYTES} bytes`, retry: false };
    return response.ok ? text : refusal(response, text);
  } catch (cause) {
    if (timeout.aborted) return { reason: `did not answer within ${options.timeoutMs} ms`, retry: true, cause };
    return { reason: `cannot be reached: ${networkReason(cause)}`, hint: 'check the address', retry: true, cause };
  }
}

function refusal(response: Response, text: string): Failure {
  const { status, headers } = response;
  if (status >= 300 && status < 400) {
    return {
      reason: `redirects (status ${status})`,
      hint: 'redirects are not followed: give the final address',
      retry: false,
    };
  }
  // The text of a refusal is no embedding; it says what was wrong with the request.
  const said = excerpt(text.slice(0, 200), 200);
  const reason = `answered with status ${status}${said && `: ${said}`}`;
  if (status === 401 || status === 403)
    return { reason, hint: 'give the header that lets you in (--headers file)', retry: false };
  const retryAfterMs = waitOf(headers.get('retry-after'));
  return { reason, retry: status === 429 || status >= 500, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Retry-After in seconds or as a date. */
function waitOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

/** The body as text; undefined where it is longer than the limit. */
async function readLimited(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the rest of the body.
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function networkReason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
