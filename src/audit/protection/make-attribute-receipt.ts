import type { HiddenAttributes } from '../../defence/photo/attribute/hidden-attributes.ts';
import type { EditStep } from '../../defence/photo/attribute/presets.ts';
import type { EditedFace } from '../../defence/photo/attribute/protect-photo.ts';
import { agreementChance, type Removal, type ShareOverrides } from '../../defence/photo/attribute/removal.ts';
import { BLUR_RATES, type Cover } from '../../defence/photo/identity/hide-identity.ts';
import type { AttributeReader } from '../../face/attribute-reader.ts';
import type { Face } from '../../face/face.ts';
import { isSameFace } from '../../face/suppression.ts';
import type { Image } from '../../image/image.ts';
import type { MatchLimit } from '../match-limit.ts';
import { readLeakage } from './attribute-leakage.ts';
import {
  ATTRIBUTE_LIMITS,
  type AttributeEdit,
  type AttributeGoal,
  type AttributeReading,
} from './attribute-receipt.ts';
import { judgeAttributes } from './attribute-verdict.ts';
import { describeEncoder } from './make-receipt.ts';
import { RECEIPT_SCHEMA, type Receipt, type ReceiptFace, type ReceiptTest } from './receipt.ts';
import type { ReferencePhotos } from './reference-photos.ts';
import { type RetestOptions, retestFace, type TestEncoder } from './retest.ts';
import { TRANSFORMATION_NAMES, type Transformation } from './transformations.ts';
import { type Judgement, judgeFace, judgePhoto } from './verdict.ts';

/** What was done to a face, for its receipt. */
export type TreatedFace = { readonly face: Face; readonly person: string | undefined } & (
  | { readonly action: 'keep' }
  | {
      readonly action: 'attributes';
      readonly edit: EditedFace;
      readonly hide: HiddenAttributes;
      readonly removal: Removal;
      readonly shares: ShareOverrides;
      readonly steps: readonly EditStep[];
      readonly seconds: number;
    }
  | { readonly action: 'cloak'; readonly cloak: NonNullable<ReceiptFace['cloak']> }
  | { readonly action: 'hide'; readonly cover: Cover }
);

/** What the receipt of a photo is made of. */
export interface AttributeReceiptParts
  extends Pick<Receipt, 'faceward' | 'options' | 'input' | 'metadata' | 'review' | 'models'> {
  readonly output: NonNullable<Receipt['output']>;
  /** Read back from the file that is written. */
  readonly photo: Image;
  readonly clean: Image;
  readonly faces: readonly TreatedFace[];
  readonly attributes: readonly string[];
  readonly encoders: readonly TestEncoder[];
  readonly limits: ReadonlyMap<string, MatchLimit>;
  readonly judges: readonly AttributeReader[];
  readonly references: ReferencePhotos | undefined;
}

/** How thoroughly it is tested. */
export interface AttributeReceiptOptions extends RetestOptions {
  readonly transformations: readonly Transformation[];
}

/** Tests what was done to each face of a photo, and writes it down. */
export async function makeAttributeReceipt(
  parts: AttributeReceiptParts,
  options: AttributeReceiptOptions,
): Promise<Receipt> {
  const { photo, faces: treated, faceward, input, output, metadata, review, models } = parts;
  const found = treated.some(({ action }) => action === 'hide') ? await options.pipeline.detect(photo) : [];
  const faces: ReceiptFace[] = [];
  for (const one of treated) faces.push(await receiptOf(one, found, parts, options));
  const changed = faces.filter(({ verdict }) => verdict !== 'left-as-it-is');
  return {
    schema: RECEIPT_SCHEMA,
    kind: 'attributes',
    faceward,
    options: parts.options,
    input,
    output,
    cloak: null,
    encoders: parts.encoders.map(describeEncoder),
    ...(models ? { models } : {}),
    ...(metadata ? { metadata } : {}),
    ...(review ? { review } : {}),
    faces,
    ...withMissed(changed.length === 0 && faces.length > 0 ? ALL_LEFT : judgePhoto(changed), review),
    limits: [...ATTRIBUTE_LIMITS],
  };
}

/** A verdict is of the faces that were found: what may have been missed is said with it. */
function withMissed({ verdict, sentence }: Judgement, review: Receipt['review']): Judgement {
  const missed = review?.possible.filter(({ covered }) => !covered).length ?? 0;
  if (missed === 0) return { verdict, sentence };
  return {
    verdict,
    sentence: `${sentence} ${missed === 1 ? 'What may be a face was' : `${missed} places that may be faces were`} left alone: look at the photo.`,
  };
}

const ALL_LEFT: Judgement = {
  verdict: 'left-as-it-is',
  sentence: 'Every face was left as it is, as the policy says; only the metadata was removed.',
};

async function receiptOf(
  one: TreatedFace,
  found: readonly Face[],
  parts: AttributeReceiptParts,
  options: AttributeReceiptOptions,
): Promise<ReceiptFace> {
  const { photo, clean, encoders, references, input } = parts;
  const { face, person, action } = one;
  const base = { box: face.box, person: person ?? null, cloak: null, action, tests: [] };
  if (one.action === 'keep') {
    return { ...base, verdict: 'left-as-it-is', sentence: 'Left as it is, as the policy says.' };
  }
  const retested = () =>
    retestFace({ photo, clean, face, references: references?.of(person, input.sha256) ?? [] }, encoders, options);
  const described = encoders.map(describeEncoder);
  if (one.action === 'hide') {
    const faceFound = found.some(({ box }) => isSameFace(box, face.box));
    const tests = one.cover === 'blur' ? await retested() : [];
    return { ...base, tests, hidden: { cover: one.cover, faceFound }, ...judgeCovered(one.cover, faceFound, tests) };
  }
  const tests = await retested();
  if (one.action === 'cloak') {
    return { ...base, cloak: one.cloak, tests, ...judgeFace(tests, described) };
  }
  const attributes = await attributeEditOf(one, parts, options);
  return { ...base, attributes, tests, ...judgeAttributes(attributes, tests, described) };
}

/** @param tests - of a blurred face: where an encoder still recognises it, nothing is protected. */
export function judgeCovered(cover: Cover, faceFound: boolean, tests: readonly ReceiptTest[]): Judgement {
  if (cover === 'blur') {
    const still = [...new Set(tests.filter(({ recognised }) => recognised).map(({ encoder }) => encoder))];
    if (still.length > 0) {
      return {
        verdict: 'does-not-protect',
        sentence: `Blurred, and still recognised by ${still.join(', ')}: cover it.`,
      };
    }
    return {
      verdict: 'protects-partly',
      sentence: `Blurred, which protects in part at best: ${BLUR_RATES}.`,
    };
  }
  return faceFound
    ? { verdict: 'does-not-protect', sentence: 'Covered, but a face is still found there: look at the photo.' }
    : { verdict: 'protects', sentence: 'Covered by one grey: nothing of the face is left there.' };
}

async function attributeEditOf(
  one: Extract<TreatedFace, { readonly action: 'attributes' }>,
  { photo, clean, attributes: names, judges, limits }: AttributeReceiptParts,
  options: AttributeReceiptOptions,
): Promise<AttributeEdit> {
  const { edit, hide, removal, steps, seconds, face, shares } = one;
  const roleOf = (name: string): AttributeReading['role'] => {
    if (hide.hidden.includes(name)) return 'hidden';
    if (hide.along.includes(name)) return 'along';
    return steps.some((step) => step.kind === 'learnt' && Object.hasOwn(step.target, name)) ? 'edited' : 'left';
  };
  const isHiding = hide.hidden.length > 0;
  const goals: AttributeGoal[] = names.map((attribute, i) => {
    const [before, target, after] = [edit.own[i] ?? 0, edit.target[i] ?? 0, edit.after[i] ?? 0];
    const role = roleOf(attribute);
    const isDrawn = removal === 'draw' && (role === 'hidden' || role === 'along');
    return {
      attribute,
      role,
      before,
      target,
      after,
      chance: isDrawn ? agreementChance(attribute, edit.own, edit.target, names, { hide, shares }) : null,
      outcome: isReached(after, target) ? 'reached' : edit.bound === undefined ? 'edit-too-weak' : 'not-within-budget',
    };
  });
  const roles = new Map(names.map((name) => [name, roleOf(name)] as const));
  return {
    removal: isHiding ? removal : null,
    strength: edit.strength,
    bound: edit.bound ?? null,
    matches: edit.matches.map(({ encoder, after, similarity, limit }) => ({
      encoder,
      after: TRANSFORMATION_NAMES.find((name) => name === after),
      similarity,
      limit,
      basis: limits.get(encoder)?.basis ?? 'as given',
    })),
    steps: [
      ...goals
        .filter(({ role }) => role !== 'left')
        .map(({ attribute, target }) => ({ kind: 'learnt' as const, name: attribute, amount: target })),
      ...steps.flatMap((step) => {
        if (step.kind !== 'operation') return [];
        const refused = edit.refused.find(({ name }) => name === step.name)?.refusal;
        const amount = refused === undefined ? step.amount * edit.strength : 0;
        return [{ kind: 'operation' as const, name: step.name, amount, ...(refused === undefined ? {} : { refused }) }];
      }),
    ],
    goals,
    readings: await readLeakage({ photo, clean, face, roles }, judges, options),
    seconds: Number(seconds.toFixed(2)),
  };
}

/** On the target's side; for the middle, near enough to it. */
const isReached = (after: number, target: number): boolean =>
  target === 0 ? Math.abs(after) <= 0.5 : after > 0 === target > 0;
