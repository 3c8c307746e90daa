import { alignedFace } from '../../../encoder/aligned-face.ts';
import type { Encoder } from '../../../encoder/encoder.ts';
import { alignmentMatrix } from '../../../face/alignment.ts';
import type { AttributeReader } from '../../../face/attribute-reader.ts';
import type { Face } from '../../../face/face.ts';
import { moveFace } from '../../../face/moved-face.ts';
import { surroundingsOf } from '../../../face/surroundings.ts';
import type { Image } from '../../../image/image.ts';
import { cropImage, resizeImage } from '../../../image/resize.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { cosineSimilarityOr } from '../../../metric/similarity.ts';
import { CapabilityError } from '../../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../../util/progress.ts';
import { Random } from '../../../util/random.ts';
import { type AttributeValues, withAttribute } from './attribute-values.ts';
import { type FoundStrength, strongestWithin } from './budget.ts';
import { applyChange, type PortraitChange } from './composite.ts';
import type { AttributeEditor } from './editor.ts';
import type { HiddenAttributes } from './hidden-attributes.ts';
import { type EditStep, findOperation } from './presets.ts';
import { type Removal, removalTarget, type ShareOverrides, type UniformSource } from './removal.ts';

/** What is to become of a face's attributes. */
export interface AttributePlan {
  readonly hide: HiddenAttributes;
  readonly removal: Removal;
  readonly shares?: ShareOverrides;
  /** Changes for looks alone, after what is hidden. */
  readonly edits: readonly EditStep[];
}

/** An encoder whose match is kept, and how like its original a face has to stay for it. */
export interface KeptMatch {
  readonly encoder: Encoder;
  readonly limit: number;
}

/** What was done to a face. */
export interface EditedFace extends FoundStrength {
  readonly face: Face;
  /** Values of the editor's attributes, -1..1, as the reader sees the face before and after, and as they were to become. */
  readonly own: AttributeValues;
  readonly target: AttributeValues;
  readonly after: AttributeValues;
}

/** Options of {@link AttributeProtection.protect}. */
export interface ProtectFaceOptions extends JobOptions {
  readonly plan: AttributePlan;
  /** What no reader of the photo can compute. */
  readonly secret: UniformSource;
  /** The other faces of the photo, which are left alone. */
  readonly others: readonly Face[];
}

/** Changes attributes of faces within what their matches allow. */
export interface AttributeProtection {
  readonly attributes: readonly string[];
  /**
   * Changes one face of a photo, as strongly as every match allows.
   *
   * Cost: one run of the editor, and for each of at most six strengths one question to each encoder, on a small copy of the face's surroundings.
   *
   * @returns the changed photo; the photo itself where nothing can be changed.
   */
  protect(photo: Image, face: Face, options: ProtectFaceOptions): Promise<{ readonly image: Image } & EditedFace>;
}

/** Pixels of the small copy for a unit of the canonical frame: no encoder here sees more. */
const MEASURED_UNIT_PX = 2;

/**
 * Makes a protection of an editor, a reader that tells it what faces have, and encoders whose matches are kept; it closes none of them.
 *
 * @throws CapabilityError where the reader does not read all that the editor changes.
 */
export function attributeProtection(
  { editor, reader }: { readonly editor: AttributeEditor; readonly reader: AttributeReader },
  matches: readonly KeptMatch[],
): AttributeProtection {
  const unread = editor.attributes.filter((name) => !reader.attributes.includes(name));
  if (unread.length > 0) {
    throw new CapabilityError(`reader "${reader.id}" does not read ${unread.join(', ')}, which the editor changes`, {
      hint: 'train both on the same attributes',
    });
  }
  const valuesOf = async (photo: Image, { landmarks }: Face): Promise<AttributeValues> => {
    const [logOdds] = await reader.read([alignedFace(photo, landmarks, reader.view)]);
    // 2 p - 1 of the probability p.
    return Float32Array.from(editor.attributes, (name) =>
      Math.tanh((logOdds?.[reader.attributes.indexOf(name)] ?? 0) / 2),
    );
  };
  return {
    attributes: editor.attributes,
    async protect(photo, face, { plan, secret, others, ...job }) {
      const small = smallCopy(photo, face, others);
      const own = await valuesOf(small.photo, small.face);
      const target = targetOf(own, editor.attributes, plan, secret);
      const change = await changeOf(editor, photo, face, own, target);
      const seed = Math.floor(secret.uniform() * 2 ** 32);
      const changed = (scene: Scene, strength: number): Image => {
        const learnt = change
          ? applyChange(scene.photo, scene.face, change, { strength, others: scene.others })
          : scene.photo;
        return drawOperations(learnt, scene.face, plan.edits, { strength, seed });
      };
      const isDrawn = plan.edits.some((step) => step.kind === 'operation');
      const whole = isDrawn ? undefined : changed(small, 1);
      const originals = await embeddingsOf(small, matches);
      const found = await strongestWithin(async (strength) => {
        throwIfAborted(job);
        // What is learnt goes with the strength, what is drawn need not.
        const seen = whole ? blend(small.photo, whole, strength) : changed(small, strength);
        const embeddings = await embeddingsOf({ ...small, photo: seen }, matches);
        return matches.map(({ encoder, limit }, i) => ({
          encoder: encoder.id,
          similarity: cosineSimilarityOr(-1, embeddings[i] as Float32Array, originals[i] as Float32Array),
          limit,
        }));
      });
      const { strength } = found;
      const image = strength > 0 ? changed({ photo, face, others }, strength) : photo;
      const after = strength > 0 ? await valuesOf(image, face) : own;
      return { image, face, own, target, after, ...found };
    },
  };
}

/** A picture on the way from one to another of its size. */
const blend = (from: Image, to: Image, share: number): Image => ({
  ...from,
  data: from.data.map((value, i) => Math.round(value + share * ((to.data[i] as number) - value))),
});

/** A face in a photo, with the other faces there. */
interface Scene {
  readonly photo: Image;
  readonly face: Face;
  readonly others: readonly Face[];
}

/** The face's surroundings, no larger than encoders can tell. */
function smallCopy(photo: Image, face: Face, others: readonly Face[]): Scene {
  const region = surroundingsOf(face.box, photo);
  const cut = cropImage(photo, region);
  const [a, , , d] = alignmentMatrix(face.landmarks);
  const scale = Math.min(1, MEASURED_UNIT_PX / Math.hypot(a, d));
  const move = (one: Face): Face => moveFace(one, { left: region.x, top: region.y, scale });
  const sizePx = (whole: number): number => Math.max(1, Math.round(whole * scale));
  return {
    photo: scale < 1 ? resizeImage(cut, sizePx(cut.widthPx), sizePx(cut.heightPx)) : cut,
    face: move(face),
    others: others.map(move),
  };
}

function targetOf(
  own: AttributeValues,
  names: readonly string[],
  { hide, removal, shares, edits }: AttributePlan,
  secret: UniformSource,
): AttributeValues {
  const removed = removalTarget(own, names, hide, { removal, secret, ...(shares ? { shares } : {}) });
  const values = edits.flatMap((step) => (step.kind === 'learnt' ? Object.entries(step.target) : []));
  return values.reduce((target, [name, value]) => withAttribute(target, names, { name, value }), removed);
}

/** The operations among the steps, each as much as the strength says. */
function drawOperations(
  photo: Image,
  face: Face,
  steps: readonly EditStep[],
  { strength, seed }: { readonly strength: number; readonly seed: number },
): Image {
  const operations = steps.filter((step) => step.kind === 'operation');
  return operations.reduce(
    (image, { name, amount }, i) =>
      findOperation(name).apply(image, face, {
        amount: amount * strength,
        random: new Random(seed).fork(`operation ${i}`),
      }),
    photo,
  );
}

/** What the editor adds to the face's portrait; undefined where the target is the face's own. */
async function changeOf(
  editor: AttributeEditor,
  photo: Image,
  { landmarks }: Face,
  own: AttributeValues,
  target: AttributeValues,
): Promise<PortraitChange | undefined> {
  if (target.every((value, i) => value === own[i])) return undefined;
  const portrait = toPlanar([alignedFace(photo, landmarks, editor.view)]);
  const [data] = await editor.change([portrait], [own], [target]);
  return data && { view: editor.view, data };
}

async function embeddingsOf({ photo, face }: Scene, matches: readonly KeptMatch[]): Promise<Float32Array[]> {
  const embeddings: Float32Array[] = [];
  for (const { encoder } of matches) {
    const [embedding] = await encoder.embed([alignedFace(photo, face.landmarks, encoder.view)]);
    if (!embedding) throw new CapabilityError(`encoder "${encoder.id}" gave no embedding`);
    embeddings.push(embedding);
  }
  return embeddings;
}
