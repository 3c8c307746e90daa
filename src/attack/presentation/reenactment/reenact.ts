import type { Box, Face } from '../../../face/face.ts';
import type { PixelRegion } from '../../../image/block-average.ts';
import type { Image } from '../../../image/image.ts';
import { cropImage, resizeImage } from '../../../image/resize.ts';
import { InputError } from '../../../util/errors.ts';
import { faceCrop } from './face-crop.ts';
import { bringToPhoto } from './full-resolution.ts';
import { type KeyPoints, relativeMotion } from './key-point-motion.ts';
import type { Reenactor } from './reenactor.ts';

/**
 * How a driver's motion comes to the photo: `relative` adds the driver's motion since its reference frame to the photo's own key points; `absolute` puts them where the driver's are, which wants two
 * faces that lie alike in their crops.
 */
export type MotionMode = 'relative' | 'absolute';

/** Who moves the photo. */
export interface Driver {
  /** Of one size, and the face about where `face` is. */
  readonly frames: Iterable<Image> | AsyncIterable<Image>;
  /** The driver's face in its first frame, or better about it in all frames. */
  readonly face: Box;
  /** A frame in which the driver's face is as the photo's is; default: the first. */
  readonly reference?: Image;
}

/** Options of {@link reenact}. */
export interface ReenactOptions {
  /** Default 'relative'. */
  readonly mode?: MotionMode;
}

/** A frame that was made. */
export interface ReenactedFrame {
  /** The photo with its face moved. Whoever writes it to a file marks it: `writeMarkedClip`, `encodeMarked`. */
  readonly picture: Image;
  /** What it took from the driver's frame on. */
  readonly durationMs: number;
}

/** A photo of which everything is computed that its frames have in common. */
export interface Reenactment {
  /** The photo with its key points where these are: of the photo's size, at its own resolution. */
  frame(driving: KeyPoints): Promise<Image>;
  /** The photo's own key points. */
  readonly keyPoints: KeyPoints;
}

/**
 * Prepares a photo. As heavy as a frame.
 *
 * @throws InputError where the face is not in the photo.
 */
export async function createReenactment(
  reenactor: Reenactor,
  photo: Image,
  face: Pick<Face, 'box'>,
): Promise<Reenactment> {
  const { shape } = reenactor;
  const region = faceCrop(photo, face.box);
  const source = await reenactor.source(crop(photo, region, shape.sizePx));
  return {
    keyPoints: source.keyPoints,
    frame: async (driving) => bringToPhoto(photo, region, await source.frame(driving), shape),
  };
}

/**
 * The frames of a photo whose face moves as a driver's does, one at a time.
 *
 * @throws InputError where a face is not in its picture, or the driver's frames differ in size.
 */
export async function* reenact(
  reenactor: Reenactor,
  photo: Image,
  face: Pick<Face, 'box'>,
  driver: Driver,
  options: ReenactOptions = {},
): AsyncGenerator<ReenactedFrame, void, void> {
  const { mode = 'relative' } = options;
  const { sizePx } = reenactor.shape;
  const prepared = await createReenactment(reenactor, photo, face);
  let region: PixelRegion | undefined;
  let size: Pick<Image, 'widthPx' | 'heightPx'> | undefined = driver.reference;
  const seen = async (frame: Image): Promise<KeyPoints> => {
    size ??= frame;
    if (frame.widthPx !== size.widthPx || frame.heightPx !== size.heightPx)
      throw new InputError('the driver’s frames differ in size', { hint: 'bring all frames to one size' });
    region ??= faceCrop(frame, driver.face);
    return reenactor.keyPoints(crop(frame, region, sizePx));
  };
  let reference = driver.reference && (await seen(driver.reference));
  for await (const frame of driver.frames) {
    const startMs = performance.now();
    const driving = await seen(frame);
    reference ??= driving;
    const wanted = mode === 'relative' ? relativeMotion(prepared.keyPoints, reference, driving) : driving;
    const picture = await prepared.frame(wanted);
    yield { picture, durationMs: performance.now() - startMs };
  }
}

/** A crop as the network takes it. */
const crop = (picture: Image, region: PixelRegion, sizePx: number): Image =>
  resizeImage(cropImage(picture, region), sizePx, sizePx);
