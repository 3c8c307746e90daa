import { InputError } from '../util/errors.ts';
import type { Image } from './image.ts';
import { requireImage } from './image-shape.ts';

/** Iterations: from here on the picture changes by less than a grey level. */
const ITERATIONS = 60;

/** Step of the dual ascent; it converges up to 1/4 in theory. */
const STEP = 0.25;

/**
 * Total-variation denoising: the picture u that minimises TV(u) + ||u - image||^2 / (2 weight), each channel by itself. Source: Rudin, Osher and Fatemi 1992, by the
 * dual iteration of Chambolle 2004.
 *
 * Cost: about 25 ms for a face of 112 px.
 *
 * @param weight - in pixel values 0..1, as scikit-image's `denoise_tv_chambolle` counts it; 0.05 is mild, 0.2 strong.
 * @throws InputError where the weight is not above 0; ShapeError where the image's bytes do not fit its size.
 */
export function denoiseTotalVariation(image: Image, weight: number): Image {
  requireImage(image);
  if (!(weight > 0 && weight <= 10)) {
    throw new InputError(`a total-variation weight of ${weight}`, { hint: 'give a number above 0, such as 0.1' });
  }
  const { widthPx, heightPx } = image;
  const data = new Uint8ClampedArray(image.data.length);
  for (let channel = 0; channel < 3; channel++) {
    const plane = Float32Array.from(
      { length: widthPx * heightPx },
      (_, i) => (image.data[3 * i + channel] as number) / 255,
    );
    const smooth = denoisePlane(plane, widthPx, heightPx, weight);
    for (let i = 0; i < smooth.length; i++) data[3 * i + channel] = 255 * (smooth[i] as number);
  }
  return { widthPx, heightPx, data: new Uint8Array(data.buffer) };
}

function denoisePlane(plane: Float32Array, width: number, height: number, weight: number): Float32Array {
  const [across, down] = [new Float32Array(plane.length), new Float32Array(plane.length)];
  const u = plane.slice();
  const rate = STEP / weight;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const dx = x < width - 1 ? (u[i + 1] as number) - (u[i] as number) : 0;
        const dy = y < height - 1 ? (u[i + width] as number) - (u[i] as number) : 0;
        const shrink = 1 + rate * Math.hypot(dx, dy);
        across[i] = ((across[i] as number) + rate * dx) / shrink;
        down[i] = ((down[i] as number) + rate * dy) / shrink;
      }
    }
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const divergence =
          (across[i] as number) -
          (x > 0 ? (across[i - 1] as number) : 0) +
          (down[i] as number) -
          (y > 0 ? (down[i - width] as number) : 0);
        u[i] = (plane[i] as number) + weight * divergence;
      }
    }
  }
  return u;
}
