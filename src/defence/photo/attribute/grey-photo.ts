import type { Image } from '../../../image/image.ts';

/** Mean difference of the channels up to which a photo is taken for grey; JPEG leaves less than this, sepia far more. In levels. */
const MOST_COLOUR = 1.5;

/** Whether a picture is a grey one, stored in colour. */
export function isGrey({ data }: Image): boolean {
  let sum = 0;
  for (let at = 0; at < data.length; at += 3) {
    const green = data[at + 1] as number;
    sum += Math.max(Math.abs((data[at] as number) - green), Math.abs((data[at + 2] as number) - green));
  }
  return sum <= MOST_COLOUR * (data.length / 3);
}

/** An edited grey photo with the edit's colour taken away: a pixel that was changed becomes its luma (Rec. 601), the others keep their bytes. */
export function withoutColour(edited: Image, photo: Image): Image {
  const data = edited.data.slice();
  for (let at = 0; at < data.length; at += 3) {
    const [red, green, blue] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
    if (red === photo.data[at] && green === photo.data[at + 1] && blue === photo.data[at + 2]) continue;
    data.fill(Math.round(0.299 * red + 0.587 * green + 0.114 * blue), at, at + 3);
  }
  return { ...edited, data };
}
