import type { Box } from '../../../face/face.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { InputError, ShapeError } from '../../../util/errors.ts';
import { edgePositions, type Pixels, samplePixels } from './sampling.ts';

/** What @vladmandic/human enlarges its detector's box by. */
const HUMAN_MARGIN = 1.4;

/** Longer side of the detector's box by that of the mesh's, which is our face's box: the median of 80 photos of LFW, 0.91 to 0.99 for eight in ten of them. */
const DETECTOR_BY_MESH = 0.947;

/** Side of the crop that its other networks look at: that of its mesh network. */
const HUMAN_CROP_PX = 192;

/**
 * A face as MiniFASNet sees it: its box enlarged by a factor, by less where the picture is not large enough, moved into the picture, cut at whole pixels and stretched to a square.
 *
 * Source: minivision-ai/Silent-Face-Anti-Spoofing, src/generate_patches.py. Its boxes are RetinaFace's; ours are those of the face's mesh.
 *
 * @returns whole numbers.
 * @throws InputError where the box is empty.
 */
export function enlargedCrop(image: Image, box: Box, factor: number, sizePx: number): Pixels {
  requireBox(box);
  const scale = Math.min(factor, (image.heightPx - 1) / box.height, (image.widthPx - 1) / box.width);
  const [left, right] = within(box.x + box.width / 2, box.width * scale, image.widthPx);
  const [top, bottom] = within(box.y + box.height / 2, box.height * scale, image.heightPx);
  const cut = samplePixels(
    image,
    edgePositions(left, right - left + 1, sizePx),
    edgePositions(top, bottom - top + 1, sizePx),
    'replicate',
  );
  return { ...cut, data: Uint8Array.from(cut.data, Math.round) };
}

/**
 * A face as @vladmandic/human hands it to its antispoof and liveness networks: a square 1.4 times the detector's box, upright, black beyond the picture, first at 192 px, then at the network's size.
 *
 * Source: @vladmandic/human 3.3.6, src/face/blazeface.ts (enlargeBox, squarifyBox), src/face/box.ts (cutAndResize), src/face/antispoof.ts and liveness.ts (resizeBilinear).
 *
 * @throws InputError where the box is empty.
 */
export function humanCrop(image: Image, box: Box, sizePx: number): Pixels {
  requireBox(box);
  const half = (HUMAN_MARGIN * DETECTOR_BY_MESH * Math.max(box.width, box.height)) / 2;
  const cut = samplePixels(
    image,
    cropPositions(box.x + box.width / 2, half, image.widthPx),
    cropPositions(box.y + box.height / 2, half, image.heightPx),
    'black',
  );
  const again = Float64Array.from({ length: sizePx }, (_, i) => (i * HUMAN_CROP_PX) / sizePx);
  return samplePixels(cut, again, again, 'replicate');
}

/** How a network takes its pixels. */
export interface PixelFormat {
  readonly order: 'RGB' | 'BGR';
  readonly range: '0..1' | '0..255';
}

/** Crops of one size as a network takes them: [N,3,H,W], float32. @throws ShapeError where there is none, or sizes differ. */
export function cropTensor(crops: readonly Pixels[], { order, range }: PixelFormat): TypedTensor<'float32'> {
  const [first] = crops;
  if (!first) throw new ShapeError('no crops to make a tensor of');
  const plane = first.widthPx * first.heightPx;
  const gain = range === '0..1' ? 1 / 255 : 1;
  const out = new Float32Array(3 * plane * crops.length);
  crops.forEach(({ data }, n) => {
    if (data.length !== 3 * plane) throw new ShapeError(`crop ${n} is of another size than crop 0`);
    for (let channel = 0; channel < 3; channel++) {
      const start = (3 * n + (order === 'RGB' ? channel : 2 - channel)) * plane;
      for (let i = 0; i < plane; i++) out[start + i] = gain * (data[3 * i + channel] as number);
    }
  });
  return float32(out, [crops.length, 3, first.heightPx, first.widthPx]);
}

/** First and last whole pixel of a span of this extent around a centre, moved into 0..length - 1. */
function within(centre: number, extent: number, length: number): readonly [number, number] {
  const start = Math.max(0, Math.min(centre - extent / 2, length - 1 - extent));
  return [Math.trunc(start), Math.min(length - 1, Math.trunc(start + extent))];
}

/** TensorFlow's cropAndResize: first and last position are the crop's ends, which human gives as shares of the picture's extent. */
function cropPositions(centre: number, half: number, length: number): Float64Array {
  const [start, end] = [centre - half, centre + half].map((at) => (Math.round(at) / length) * (length - 1)) as [
    number,
    number,
  ];
  return Float64Array.from({ length: HUMAN_CROP_PX }, (_, i) => start + (i * (end - start)) / (HUMAN_CROP_PX - 1));
}

function requireBox({ width, height }: Box): void {
  if (width > 0 && height > 0) return;
  throw new InputError(`a face of ${width}x${height} px cannot be cut out`);
}
