import { smoothStep } from '../../../util/smooth-step.ts';
import { faceAt, type Gesture, type MouthShape } from './gesture.ts';
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

/** Shapes of the mouth by the sounds they go with; of our own making, by eye. */
const VISEMES = {
  rest: { drop: 0, narrow: 0, raise: 0 },
  ah: { drop: 0.16, narrow: 0.01, raise: 0.012 },
  ee: { drop: 0.06, narrow: -0.035, raise: 0.018 },
  oh: { drop: 0.11, narrow: 0.06, raise: 0.006 },
  fv: { drop: 0.025, narrow: 0, raise: 0.012 },
} as const satisfies Record<string, MouthShape>;

/** What is said, a shape every so many seconds. */
const UTTERANCE: readonly MouthShape[] = (
  ['rest', 'ah', 'ee', 'rest', 'oh', 'ah', 'fv', 'ee', 'rest', 'rest', 'oh', 'ee', 'ah', 'rest'] as const
).map((name) => VISEMES[name]);
const VISEME_SECONDS = 0.14;

/** Angles at strength 1, in radians, and how often a second. */
const NOD = { angle: 0.2, frequency: 0.8 } as const;
const SHAKE = { angle: 0.3, frequency: 0.7 } as const;

/** The first blink begins after a while, then they come in turn; a lid falls faster than it rises. Seconds. */
const BLINK = { first: 0.3, every: 1.1, falling: 0.1, shut: 0.05, rising: 0.17 } as const;

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
      MouthShape,
      MouthShape,
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
  return smoothStep(share);
}
