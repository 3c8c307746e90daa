import { decodeImage } from './decode.ts';
import { encodeJpeg } from './encode.ts';
import type { Image } from './image.ts';

/** A picture as it comes back from a JPEG of this quality, 1 to 100. */
export async function throughJpeg(image: Image, quality: number): Promise<Image> {
  return (await decodeImage(await encodeJpeg(image, { quality }))).image;
}
