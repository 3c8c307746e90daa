import { z } from 'zod';

/** A message longer than this is not even read: 60 s at 30 frames a second with 200 tracked points come to 12 MB. */
const LONGEST_TEXT = 2 ** 24;

/** Frames of a capture: a minute at 60 a second. */
export const MOST_FRAMES = 3600;

/** Pixels; no camera is larger. */
const COORDINATE = z.number().min(-1e5).max(1e5);

const FRAME = z.strictObject({
  timeMs: z.number().min(0).max(600_000),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  landmarks: z.array(COORDINATE).length(136),
  tracks: z
    .array(COORDINATE.nullable())
    .max(800)
    .refine(({ length }) => length % 2 === 0)
    .refine((values) => values.every((value, i) => (value === null) === (values[i ^ 1] === null))),
});

const SETTINGS = {
  widthPx: z.int().min(1).max(1e5),
  heightPx: z.int().min(1).max(1e5),
  framesPerSecond: z.number().positive().max(1e4).optional(),
};

const CAMERA = z.strictObject({
  label: z.string().max(1000),
  facing: z.enum(['user', 'environment', 'left', 'right']).optional(),
  ...SETTINGS,
  changes: z.array(z.strictObject({ timeMs: z.number().min(0).max(600_000), ...SETTINGS })).max(1000),
});

const MESSAGE = z
  .strictObject({
    schema: z.literal('faceward.capture/1'),
    session: z.string().regex(/^[0-9a-f]{32}$/),
    nonce: z.string().max(2000),
    camera: CAMERA.optional(),
    frames: z.array(FRAME).min(2).max(MOST_FRAMES),
  })
  .refine(({ frames }) => frames.every(({ tracks }) => tracks.length === frames[0]?.tracks.length));

/**
 * A capture as it comes in. Of each frame: the time in milliseconds since the session was given, on a clock that only rises (`performance.now()`); the SHA-256 of its pixels; 68 landmarks, [68,2];
 * tracked points, [P,2], the same in every frame, perhaps none; null for both coordinates of a point that is not seen in the frame. Pixels of the camera, not mirrored.
 *
 * Hashes and points that the client computed bind an honest client alone: where it counts the server has the frames, and makes the message itself.
 */
export type CaptureMessage = DeepReadonly<z.infer<typeof MESSAGE>>;
/**
 * What a client says of its camera: the label and the first `getSettings()` of its `MediaStreamTrack` (W3C, Media Capture and Streams), and each time that the settings were others than before. It is as honest as the client.
 */
export type StatedCamera = NonNullable<CaptureMessage['camera']>;
/** One frame of a {@link CaptureMessage}. */
export type CaptureFrame = CaptureMessage['frames'][number];

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Reads a message; undefined where it is malformed in whatever way. Throws nothing. */
export function readCaptureMessage(text: string): CaptureMessage | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return MESSAGE.safeParse(value).data;
}
