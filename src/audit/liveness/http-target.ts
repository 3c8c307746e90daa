import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ACTIONS, type Challenge } from '../../defence/liveness/session/challenge.ts';
import { FLASH_COLOURS, type FlashColour, type Flashes } from '../../defence/liveness/session/flashes.ts';
import { excerpt } from '../../encoder/black-box.ts';
import { parseAddress } from '../../encoder/http-address.ts';
import { postForText, shownAddress } from '../../encoder/http-request.ts';
import { RequestPace } from '../../encoder/request-pace.ts';
import { encodeJpeg } from '../../image/encode.ts';
import type { Clip } from '../../image/frames/clip.ts';
import { frameTimeMs } from '../../image/frames/clip.ts';
import { frameMarker, type SyntheticMark } from '../../image/frames/marked-frame.ts';
import type { Image } from '../../image/image.ts';
import { encodeMarked } from '../../image/mark.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import type { Outcome } from './outcome.ts';

/** How the owner's verification is asked. */
export interface HttpTargetOptions {
  /** Who says that the endpoint is theirs, or that they may test it; goes into the report. Without it nothing is sent. */
  readonly ownership: string | undefined;
  /** Further headers, such as authorization; never logged. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For one attempt. Default 60,000. */
  readonly timeoutMs?: number;
  /** Default 2. */
  readonly requestsPerSecond?: number;
}

/** A session that the owner's verification opened. */
export interface TargetSession {
  /** What it asks for; empty where it asks for nothing. */
  readonly challenge: Challenge;
  /** Colours that it shows; empty where it shows none. */
  readonly flashes: Flashes;
  /** Hands the presentation in. Every frame is marked: nothing else leaves the program. */
  submit(clip: Clip, mark: SyntheticMark): Promise<Outcome>;
}

/** The verification of somebody who had it audited, behind an adapter. */
export interface HttpTarget {
  readonly id: string;
  readonly hash: string;
  readonly ownership: string;
  /** Requests sent so far, repeated ones too. */
  readonly queries: number;
  /** Opens a session for the person in this photo. */
  open(enrolled: Image): Promise<TargetSession>;
  close(): void;
}

const RETRIES = 3;
const BACKOFF_MS = 1000;
const JPEG_QUALITY = 92;
const MOST_STEPS = 20;

const colour = z.enum(Object.keys(FLASH_COLOURS) as [FlashColour, ...FlashColour[]]);
const timeMs = z.number().min(0).max(120_000);

/** In whichever order they were sent. */
const inTime = <T extends { readonly atMs: number }>(events: readonly T[]): T[] =>
  events.toSorted((a, b) => a.atMs - b.atMs);

const opened = z.object({
  session: z.string().min(1).max(2000),
  challenge: z
    .array(z.object({ action: z.enum(ACTIONS), atMs: timeMs }))
    .max(MOST_STEPS)
    .default([]),
  flashes: z
    .array(z.object({ left: colour, right: colour, atMs: timeMs }))
    .max(MOST_STEPS)
    .default([]),
});
const decided = z.object({ decision: z.enum(['pass', 'fail', 'retry']) });

const OUTCOMES = { pass: 'passed', fail: 'refused', retry: 'no-response' } as const satisfies Record<string, Outcome>;

/**
 * Opens the owner's verification behind an address: an adapter that takes two messages by POST, as docs/liveness.md has them.
 *
 * - `{"schema": "faceward.liveness-open/1", "enrolled": "<base64 of a JPEG>"}` gives `{"session": "…", "challenge": [{"action": "turn-left", "atMs": 1000}]}`;
 * - `{"schema": "faceward.liveness-capture/1", "session": "…", "frames": [{"timeMs": 0, "jpeg": "<base64>"}]}` gives `{"decision": "pass"}`, `"fail"` or `"retry"`.
 *
 * @throws InputError without a statement of ownership, or for a bad address.
 */
export function openHttpTarget(address: string, options: HttpTargetOptions): HttpTarget {
  const url = parseAddress(address);
  const ownership = options.ownership?.trim();
  if (!ownership)
    throw new InputError(`${shownAddress(url)} is attacked only after a statement that you own it or may test it`, {
      hint: 'give it with --ownership "…": who you are and what allows you to test this endpoint; it goes into the report',
    });
  const { timeoutMs = 60_000, requestsPerSecond = 2 } = options;
  const headers = new Headers({ accept: 'application/json', ...options.headers, 'content-type': 'application/json' });
  const pace = new RequestPace(requestsPerSecond);
  const closing = new AbortController();
  const id = shownAddress(url);
  let queries = 0;
  const ask = async <T>(message: unknown, answer: z.ZodType<T>): Promise<T> => {
    const text = await postForText({
      ...{ url, headers, body: JSON.stringify(message), timeoutMs, retries: RETRIES, backoffMs: BACKOFF_MS, pace },
      signal: closing.signal,
      onQuery: () => {
        queries++;
      },
    });
    return parseAnswer(text, answer, id);
  };
  return {
    id,
    ownership,
    hash: createHash('sha256').update(url.href).digest('hex'),
    get queries() {
      return queries;
    },
    async open(enrolled) {
      const jpeg = base64(await encodeJpeg(enrolled, { quality: JPEG_QUALITY }));
      const { session, challenge, flashes } = await ask({ schema: 'faceward.liveness-open/1', enrolled: jpeg }, opened);
      return {
        challenge: inTime(challenge),
        flashes: inTime(flashes),
        async submit(clip, mark) {
          const frames = await markedFrames(clip, mark);
          const { decision } = await ask({ schema: 'faceward.liveness-capture/1', session, frames }, decided);
          return OUTCOMES[decision];
        },
      };
    },
    close: () => closing.abort(new InputError(`${id} was closed`)),
  };
}

async function markedFrames({ frames, framesPerSecond }: Clip, mark: SyntheticMark) {
  const [first] = frames;
  if (!first) throw new InputError('a presentation without frames');
  const { markFrame } = frameMarker(first, mark);
  const sent: { timeMs: number; jpeg: string }[] = [];
  for (const [i, frame] of frames.entries()) {
    const file = await encodeMarked(markFrame(frame), mark.provenance, {
      ...{ format: 'jpeg', extent: 'face', quality: JPEG_QUALITY },
    });
    sent.push({ timeMs: frameTimeMs(i, framesPerSecond), jpeg: base64(file) });
  }
  return sent;
}

function parseAnswer<T>(text: string, schema: z.ZodType<T>, id: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CapabilityError(`${id} did not answer with JSON: ${excerpt(text.slice(0, 200), 200)}`, { cause });
  }
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  throw new CapabilityError(`${id} answered otherwise than agreed: ${issue?.path.join('.')}: ${issue?.message}`, {
    hint: 'docs/liveness.md has the two messages of an adapter, and their answers',
  });
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
