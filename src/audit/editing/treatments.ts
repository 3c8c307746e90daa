import { type AttributeValues, withAttribute } from '../../defence/photo/attribute/attribute-values.ts';
import type { AttributeEditor } from '../../defence/photo/attribute/editor.ts';
import { averageBlocks } from '../../image/block-average.ts';
import { gaussianBlur } from '../../image/filter.ts';
import type { Image } from '../../image/image.ts';
import { toPlanar } from '../../image/tensor.ts';
import type { Random } from '../../util/random.ts';

/** A portrait to treat, and what its face has. */
export interface PortraitToTreat {
  readonly portrait: Image;
  readonly own: AttributeValues;
}

/** Something that is done to a portrait: an edit, or one of what it is compared with. */
export interface Treatment {
  readonly name: string;
  /** What it is to turn round; none for a baseline, which is held against every attribute. */
  readonly attribute?: string;
  /** What it adds to each portrait: planar [3,S,S]. */
  readonly change: (faces: readonly PortraitToTreat[], random: Random) => Promise<Float32Array[]>;
}

/** Gaussian blur and blocks by which a portrait of 64 px is often hidden, and noise of about the strength of an edit. */
const BLUR_PX = 4;
const BLOCK_PX = 8;
const NOISE = 0.1;

/** Turns each attribute round, one after the other, at full strength. */
export function editTreatments(editor: AttributeEditor, attributes = editor.attributes): Treatment[] {
  return attributes.map((name) => ({
    name: `edit ${name}`,
    attribute: name,
    change: (faces) =>
      editor.change(
        faces.map(({ portrait }) => toPlanar([portrait])),
        faces.map(({ own }) => own),
        faces.map(({ own }) => {
          const value = -(own[editor.attributes.indexOf(name)] as number);
          return withAttribute(own, editor.attributes, { name, value });
        }),
      ),
  }));
}

/** What an edit must beat: nothing, blur, blocks, noise, and an edit to values drawn at random. */
export function baselineTreatments(editor: AttributeEditor): Treatment[] {
  return [
    { name: 'nothing', change: async (faces) => faces.map(({ portrait }) => new Float32Array(portrait.data.length)) },
    {
      name: `blur ${BLUR_PX} px`,
      change: (faces) => differences(faces, (portrait) => gaussianBlur(portrait, BLUR_PX)),
    },
    {
      name: `blocks of ${BLOCK_PX} px`,
      change: (faces) => differences(faces, async (portrait) => inBlocks(portrait)),
    },
    {
      name: `noise of ${NOISE * 255} levels`,
      change: async (faces, random) => faces.map(({ portrait }) => random.normals(portrait.data.length, NOISE)),
    },
    {
      name: 'edit at random',
      change: (faces, random) =>
        editor.change(
          faces.map(({ portrait }) => toPlanar([portrait])),
          faces.map(({ own }) => own),
          faces.map(({ own }) => own.map(() => (random.uniform() < 0.5 ? -1 : 1))),
        ),
    },
  ];
}

/** Each block filled with its mean. */
function inBlocks(portrait: Image): Image {
  const { widthPx, heightPx } = portrait;
  const small = averageBlocks(portrait, { x: 0, y: 0, width: widthPx, height: heightPx }, BLOCK_PX, BLOCK_PX);
  const data = new Uint8Array(portrait.data.length);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const from = 3 * (Math.floor(y / BLOCK_PX) * small.widthPx + Math.floor(x / BLOCK_PX));
      data.set(small.data.subarray(from, from + 3), 3 * (y * widthPx + x));
    }
  }
  return { widthPx, heightPx, data };
}

async function differences(
  faces: readonly PortraitToTreat[],
  treat: (portrait: Image) => Promise<Image>,
): Promise<Float32Array[]> {
  const made: Float32Array[] = [];
  for (const { portrait } of faces) {
    const before = toPlanar([portrait]);
    made.push(toPlanar([await treat(portrait)]).map((value, i) => value - (before[i] as number)));
  }
  return made;
}
