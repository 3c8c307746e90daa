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
import { type FoundStrength, type Match, strongestWithin } from './budget.ts';
import { applyChange, type PortraitChange } from './composite.ts';
import type { AttributeEditor } from './editor.ts';
import { isGrey, withoutColour } from './grey-photo.ts';
import type { HiddenAttributes } from './hidden-attributes.ts';
import type { Refusal } from './operations/operation.ts';
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

/** Something that photos go through on their way to a recogniser, after which matches have to hold too. */
export interface Passage {
  readonly name: string;
  /** @param unitPx - extent of a unit of the face's canonical frame in the photo. */
  apply(photo: Image, unitPx: number): Promise<Image>;
}

/** An operation that was asked for and not done. */
export interface RefusedOperation {
  readonly name: string;
  readonly refusal: Refusal;
}

/** What was done to a face. */
export interface EditedFace extends FoundStrength {
  readonly face: Face;
  readonly refused: readonly RefusedOperation[];
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
   * Changes one face of a photo, as strongly as every match allows after each passage: the face is compared with its original that went through the same, so that what a passage takes
   * away by itself is not put down to the change.
   *
   * Cost: one run of the editor, and for each of at most six strengths one question to each encoder for each passage, on a small copy of the face's surroundings.
   *
   * @returns the changed photo; the photo itself where nothing can be changed.
   */
  protect(photo: Image, face: Face, options: ProtectFaceOptions): Promise<{ readonly image: Image } & EditedFace>;
}

/** Pixels of the small copy for a unit of the canonical frame: no encoder here sees more. */
const MEASURED_UNIT_PX = 2;

/** The photo as it is written. */
const AS_IT_IS: Passage = { name: 'as-it-is', apply: async (photo) => photo };

/**
 * Makes a protection of an editor, a reader that tells it what faces have, and encoders whose matches are kept; it closes none of them.
 *
 * @param passages - after which matches are kept; default: as it is written alone.
 * @throws CapabilityError where the reader does not read all that the editor changes.
 */
export function attributeProtection(
  { editor, reader }: { readonly editor: AttributeEditor; readonly reader: AttributeReader },
  matches: readonly KeptMatch[],
  passages: readonly Passage[] = [AS_IT_IS],
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
      const grey = isGrey(alignedFace(small.photo, small.face.landmarks, editor.view));
      const { operations, refused } = operationsFor(face, plan.edits);
      const seed = Math.floor(secret.uniform() * 2 ** 32);
      const changed = (scene: Scene, strength: number): Image => {
        const learnt = change
          ? applyChange(scene.photo, scene.face, change, { strength, others: scene.others })
          : scene.photo;
        const drawn = drawOperations(learnt, scene.face, operations, { strength, seed });
        return grey ? withoutColour(drawn, scene.photo) : drawn;
      };
      const whole = operations.length > 0 ? undefined : changed(small, 1);
      const originals = await lookAt(small, matches, passages);
      const found = await strongestWithin(async (strength) => {
        throwIfAborted(job);
        // What is learnt goes with the strength, what is drawn need not.
        const seen = whole ? blend(small.photo, whole, strength) : changed(small, strength);
        const looks = await lookAt({ ...small, photo: seen }, matches, passages);
        return looks.map(({ embedding, ...match }, i) => ({
          ...match,
          similarity: cosineSimilarityOr(-1, embedding, originals[i]?.embedding ?? embedding),
        }));
      });
      const { strength } = found;
      const image = strength > 0 ? changed({ photo, face, others }, strength) : photo;
      const after = strength > 0 ? await valuesOf(image, face) : own;
      return { image, face, own, target, after, refused, ...found };
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

type OperationStep = Extract<EditStep, { readonly kind: 'operation' }>;

/** The operations among the steps, and those of them that are not to be done to this face. */
function operationsFor(
  face: Face,
  steps: readonly EditStep[],
): { readonly operations: readonly OperationStep[]; readonly refused: readonly RefusedOperation[] } {
  const operations: OperationStep[] = [];
  const refused: RefusedOperation[] = [];
  for (const step of steps) {
    if (step.kind !== 'operation') continue;
    const refusal = findOperation(step.name).refusal?.(face);
    if (refusal === undefined) operations.push(step);
    else refused.push({ name: step.name, refusal });
  }
  return { operations, refused };
}

/** A photo with operations drawn on it, each as much as the strength says. */
function drawOperations(
  photo: Image,
  face: Face,
  operations: readonly OperationStep[],
  { strength, seed }: { readonly strength: number; readonly seed: number },
): Image {
  if (operations.length === 0) return photo;
  const drawn: Image = { ...photo, data: photo.data.slice() };
  operations.forEach(({ name, amount }, i) => {
    const random = new Random(seed).fork(`operation ${i}`);
    findOperation(name).apply(drawn, face, { amount: amount * strength, random });
  });
  return drawn;
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

/** A face as one encoder sees it after one passage, and how like its original it has to stay for it. */
interface Look extends Pick<Match, 'encoder' | 'after' | 'limit'> {
  readonly embedding: Float32Array;
}

async function lookAt(
  { photo, face }: Scene,
  matches: readonly KeptMatch[],
  passages: readonly Passage[],
): Promise<Look[]> {
  const [a, , , d] = alignmentMatrix(face.landmarks);
  const views: { readonly after: string; readonly image: Image; readonly landmarks: Face['landmarks'] }[] = [];
  for (const { name, apply } of passages) {
    const image = await apply(photo, Math.hypot(a, d));
    views.push({ after: name, image, landmarks: moveFace(face, { scale: image.widthPx / photo.widthPx }).landmarks });
  }
  const looks: Look[] = [];
  for (const { encoder, limit } of matches) {
    const embeddings = await encoder.embed(
      views.map(({ image, landmarks }) => alignedFace(image, landmarks, encoder.view)),
    );
    views.forEach(({ after }, i) => {
      const embedding = embeddings[i];
      if (!embedding) throw new CapabilityError(`encoder "${encoder.id}" gave no embedding`);
      looks.push({ encoder: encoder.id, after, limit, embedding });
    });
  }
  return looks;
}
