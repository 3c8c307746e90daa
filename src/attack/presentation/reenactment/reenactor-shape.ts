import { z } from 'zod';
import { InputError } from '../../../util/errors.ts';

/** The form of a reenactment network. */
export interface ReenactorShape {
  /** Side of the pictures that it takes and gives. */
  readonly sizePx: number;
  /** Side at which it looks for key points and motion: `sizePx`, or that halved several times. */
  readonly motionPx: number;
  readonly keyPoints: number;
  /** Channels of the two hourglasses: at the picture's own size, then after each halving. */
  readonly motionWidths: readonly number[];
  /** Channels of the painter: at the picture's own size, then after each halving. */
  readonly painterWidths: readonly number[];
  /** Residual blocks of the painter, at its smallest size. */
  readonly residuals: number;
}

const channels = z.int().min(1).max(2048);

const schema = z.object({
  sizePx: z.int().min(8).max(512),
  motionPx: z.int().min(8).max(512),
  keyPoints: z.int().min(1).max(64),
  motionWidths: z.array(channels).min(2).max(7),
  painterWidths: z.array(channels).min(2).max(6),
  residuals: z.int().min(0).max(16),
});

/** The forms that are trained here, by the side of their pictures: 1.06 M parameters, where the published network has 59.8 M. */
export const REENACTOR_SHAPES: Readonly<Record<'64' | '128', ReenactorShape>> = {
  '64': {
    sizePx: 64,
    motionPx: 64,
    keyPoints: 6,
    motionWidths: [16, 32, 64, 128],
    painterWidths: [24, 48, 96],
    residuals: 3,
  },
  '128': {
    sizePx: 128,
    motionPx: 64,
    keyPoints: 6,
    motionWidths: [16, 32, 64, 128],
    painterWidths: [24, 48, 96],
    residuals: 3,
  },
};

/**
 * The form that a value describes, such as a file's metadata.
 *
 * @throws InputError where it describes none, or sizes do not go through all halvings.
 */
export function requireReenactorShape(value: unknown): ReenactorShape {
  const { data, error } = schema.safeParse(value);
  if (!data) {
    const [issue] = error.issues;
    throw new InputError(`no form of a reenactment network: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { sizePx, motionPx, motionWidths, painterWidths } = data;
  requireHalvings('motion', motionPx, motionWidths.length - 1);
  requireHalvings('painter', sizePx, painterWidths.length - 1);
  if (!Number.isInteger(Math.log2(sizePx / motionPx)) || motionPx > sizePx) {
    throw new InputError(`motion is looked for at ${motionPx} px in pictures of ${sizePx} px`, {
      hint: 'give the pictures’ side, or that halved once or several times',
    });
  }
  return data;
}

function requireHalvings(part: string, sidePx: number, times: number): void {
  if (sidePx % 2 ** times === 0) return;
  throw new InputError(`the ${part} widths halve ${sidePx} px ${times} times, which does not come out whole`, {
    hint: 'give fewer widths, or another size',
  });
}
