import { LANDMARKS, type Landmarks68 } from '../../../face/landmarks68.ts';
import { MEAN_FACE } from './mean-face.ts';
import { scaleEyes } from './openings.ts';
import { rotationOf } from './pose.ts';
import type { Track } from './track.ts';

/** The motions that need no clip. */
export const MOTIONS = ['nod', 'shake', 'blink', 'speech'] as const;

export type Motion = (typeof MOTIONS)[number];

/** Options of {@link motionTrack}. */
export interface MotionOptions {
  /** Default 30. */
  readonly framesPerSecond?: number;
  /** Default 2. */
  readonly seconds?: number;
  /** How far it goes; 1 is a clear motion of a person before a camera. Default 1. */
  readonly strength?: number;
}

/** What a face does at one time; all 0 at rest. */
interface Gesture {
  /** Radians; positive where it looks down, and to the right of the picture. */
  readonly pitch?: number;
  readonly yaw?: number;
  /** 0 open, 1 closed. */
  readonly closed?: number;
  readonly mouth?: Viseme;
}

/** A shape of the mouth, in units of the mean face: how far the jaw and the lower lip drop, how much narrower the mouth is, and how far the upper lip rises. */
interface Viseme {
  readonly drop: number;
  readonly narrow: number;
  readonly raise: number;
}

/** Shapes of the mouth by the sounds they go with; of our own making, by eye. */
const VISEMES = {
  rest: { drop: 0, narrow: 0, raise: 0 },
  ah: { drop: 0.16, narrow: 0.01, raise: 0.012 },
  ee: { drop: 0.06, narrow: -0.035, raise: 0.018 },
  oh: { drop: 0.11, narrow: 0.06, raise: 0.006 },
  fv: { drop: 0.025, narrow: 0, raise: 0.012 },
} as const satisfies Record<string, Viseme>;

/** What is said, a shape every so many seconds. */
const UTTERANCE: readonly Viseme[] = (
  ['rest', 'ah', 'ee', 'rest', 'oh', 'ah', 'fv', 'ee', 'rest', 'rest', 'oh', 'ee', 'ah', 'rest'] as const
).map((name) => VISEMES[name]);
const VISEME_SECONDS = 0.14;

/** Angles at strength 1, in radians, and how often a second. */
const NOD = { angle: 0.2, frequency: 0.8 } as const;
const SHAKE = { angle: 0.3, frequency: 0.7 } as const;

/** The first blink begins after a while, then they come in turn; a lid falls faster than it rises. Seconds. */
const BLINK = { first: 0.3, every: 1.1, falling: 0.1, shut: 0.05, rising: 0.17 } as const;

/** Size of the track's face: pixels for a unit of the mean face, and where its origin lies. */
const PLACE = { scale: 100, x: 128, y: 100 } as const;

/** The mean face in motion, as a driver: it starts at rest, and is periodic but for speech, which is an utterance said again and again. */
export function motionTrack(motion: Motion, options: MotionOptions = {}): Track {
  const { framesPerSecond = 30, seconds = 2, strength = 1 } = options;
  const count = Math.max(1, Math.round(framesPerSecond * seconds));
  const gesture = GESTURES[motion];
  return {
    framesPerSecond,
    frames: Array.from({ length: count }, (_, n) => faceAt(gesture(n / framesPerSecond, strength))),
  };
}

const GESTURES: Readonly<Record<Motion, (time: number, strength: number) => Gesture>> = {
  nod: (time, strength) => ({ pitch: strength * NOD.angle * Math.sin(2 * Math.PI * NOD.frequency * time) }),
  shake: (time, strength) => ({ yaw: strength * SHAKE.angle * Math.sin(2 * Math.PI * SHAKE.frequency * time) }),
  blink: (time, strength) => ({ closed: Math.min(1, strength * closedAt(time)) }),
  speech: (time, strength) => {
    const at = time / VISEME_SECONDS;
    const index = Math.floor(at);
    const [from, to] = [index, index + 1].map((i) => UTTERANCE[i % UTTERANCE.length] ?? VISEMES.rest) as [
      Viseme,
      Viseme,
    ];
    const share = (1 - Math.cos(Math.PI * (at - index))) / 2;
    const mix = (a: number, b: number): number => strength * (a + share * (b - a));
    return {
      pitch: 0.02 * strength * Math.sin(2 * Math.PI * 0.5 * time),
      yaw: 0.03 * strength * Math.sin(2 * Math.PI * 0.31 * time),
      closed: closedAt(time),
      mouth: {
        drop: mix(from.drop, to.drop),
        narrow: mix(from.narrow, to.narrow),
        raise: mix(from.raise, to.raise),
      },
    };
  },
};

/** How far the lids are closed at a time, 0..1. */
function closedAt(time: number): number {
  const phase = (((time - BLINK.first) % BLINK.every) + BLINK.every) % BLINK.every;
  if (time < BLINK.first) return 0;
  const { falling, shut, rising } = BLINK;
  const share =
    phase < falling ? phase / falling : phase < falling + shut ? 1 : Math.max(0, 1 - (phase - falling - shut) / rising);
  return share * share * (3 - 2 * share);
}

/** The mean face with a gesture, in pixels. */
function faceAt({ pitch = 0, yaw = 0, closed = 0, mouth = VISEMES.rest }: Gesture): Landmarks68 {
  const rotation = new Float64Array(9);
  rotationOf(pitch, yaw, 0, rotation);
  const out = new Float64Array(2 * LANDMARKS);
  for (let i = 0; i < LANDMARKS; i++) {
    const [x, y, z] = withMouth(i, mouth);
    for (let axis = 0; axis < 2; axis++) {
      const seen =
        (rotation[3 * axis] as number) * x +
        (rotation[3 * axis + 1] as number) * y +
        (rotation[3 * axis + 2] as number) * z;
      out[2 * i + axis] = PLACE.scale * seen + (axis === 0 ? PLACE.x : PLACE.y);
    }
  }
  scaleEyes(out, [1 - closed, 1 - closed]);
  return out;
}

/** How far each landmark goes with the dropping jaw, the upper lip's rise, and the narrowing mouth. */
const DROP = { jaw: 0.85, halfWidth: 0.2, corner: 0.3 } as const;
const UPPER_LIP = [49, 50, 51, 52, 53, 61, 62, 63];
const LOWER_LIP = [55, 56, 57, 58, 59, 65, 66, 67];
const CORNERS = [48, 54, 60, 64];

function withMouth(i: number, { drop, narrow, raise }: Viseme): [number, number, number] {
  const [x, y, z] = MEAN_FACE.subarray(3 * i, 3 * i + 3) as unknown as readonly [number, number, number];
  if (i <= 16) return [x, y + DROP.jaw * drop * Math.max(0, 1 - Math.abs(i - 8) / 6), z];
  // The mouth keeps its middle: what is further aside moves more.
  const inner = x * (1 - narrow / 0.3);
  // Most in its middle.
  if (LOWER_LIP.includes(i)) return [inner, y + (1 - (x / DROP.halfWidth) ** 2 / 3) * drop, z];
  if (CORNERS.includes(i)) return [inner, y + DROP.corner * drop, z];
  return UPPER_LIP.includes(i) ? [inner, y - raise, z] : [x, y, z];
}
