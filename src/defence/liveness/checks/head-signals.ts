import type { Action } from '../session/challenge.ts';

/** How much each action is seen in one frame: 1 is as much as is asked for; what is 0 differs from person to person. */
export type HeadSignals = Readonly<Record<Action, number>>;

/** What each action must change, at least: shares of the distance of the eyes, of the nose's place between eyes and lip, and radians (12 degrees). Not yet measured on people. */
const ASKED = { turn: 0.12, nod: 0.12, tilt: 0.21, open: 0.15, smile: 0.1 } as const;

/** What the eight actions are told by, in one frame; distances in that of the eyes. */
export interface HeadMeasures {
  /** Between the eyes, in pixels. */
  readonly middle: readonly [x: number, y: number];
  /** From one eye's middle to the other's, in pixels. */
  readonly eyesPx: number;
  /** Of the nose's tip from the middle, to the picture's right. */
  readonly turn: number;
  /** Where the nose's tip stands between eyes (0) and lip (1). */
  readonly nod: number;
  /** Radians; positive where the eye on the picture's right is the lower one. */
  readonly tilt: number;
  /** From lip to lip. */
  readonly open: number;
  /** From one corner of the mouth to the other. */
  readonly mouth: number;
}

/**
 * Measures a head in 68 landmarks, [68,2], of a picture that is not mirrored.
 *
 * The nose's tip stands before the plane of eyes and mouth: it goes sideways as the head turns, and up and down between them as it nods. What is measured is in the frame of the eyes, so that a tilt
 * is neither.
 *
 * Source: the points' order is that of Sagonas et al., 300 Faces in-the-Wild Challenge, ICCVW 2013, figure 1; counted from 0.
 */
export function measureHead(landmarks: ArrayLike<number>): HeadMeasures {
  const point = (i: number): readonly [number, number] => [landmarks[2 * i] ?? 0, landmarks[2 * i + 1] ?? 0];
  const [eyeA, eyeB] = [meanOf(point, 36, 42), meanOf(point, 42, 48)];
  const along = [eyeB[0] - eyeA[0], eyeB[1] - eyeA[1]] as const;
  const eyesPx = Math.hypot(...along) || 1;
  const middle = [(eyeA[0] + eyeB[0]) / 2, (eyeA[1] + eyeB[1]) / 2] as const;
  /** A point in the frame of the eyes: from their middle, to the right and down, in their distance. */
  const placed = (i: number): readonly [number, number] => {
    const [x, y] = [point(i)[0] - middle[0], point(i)[1] - middle[1]];
    return [(x * along[0] + y * along[1]) / eyesPx ** 2, (y * along[0] - x * along[1]) / eyesPx ** 2];
  };
  const nose = placed(30);
  return {
    middle,
    eyesPx,
    turn: nose[0],
    nod: nose[1] / (placed(51)[1] || 1),
    tilt: Math.atan2(along[1], along[0]),
    open: Math.abs(placed(66)[1] - placed(62)[1]),
    mouth: placed(54)[0] - placed(48)[0],
  };
}

/** The eight actions in 68 landmarks, [68,2], of a picture that is not mirrored. */
export function headSignals(landmarks: ArrayLike<number>): HeadSignals {
  const measured = measureHead(landmarks);
  // The person's left is on the picture's right, and a tilt to their left shoulder lowers the eye there.
  const turn = measured.turn / ASKED.turn;
  const nod = measured.nod / ASKED.nod;
  const tilt = measured.tilt / ASKED.tilt;
  return {
    'turn-left': turn,
    'turn-right': -turn,
    'lower-chin': nod,
    'raise-chin': -nod,
    'tilt-left': tilt,
    'tilt-right': -tilt,
    'open-mouth': measured.open / ASKED.open,
    smile: measured.mouth / ASKED.smile,
  };
}

function meanOf(point: (i: number) => readonly [number, number], from: number, to: number): readonly [number, number] {
  let [x, y] = [0, 0];
  for (let i = from; i < to; i++) {
    x += point(i)[0] / (to - from);
    y += point(i)[1] / (to - from);
  }
  return [x, y];
}
