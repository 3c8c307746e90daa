import { z } from 'zod';
import { REFUSALS } from '../../defence/photo/attribute/operations/operation.ts';
import { REMOVALS } from '../../defence/photo/attribute/removal.ts';
import { COVERS } from '../../defence/photo/identity/hide-identity.ts';
import { TRANSFORMATION_NAMES } from './transformations.ts';

const name = z.string().min(1);
const value = z.number().min(-1).max(1);
const share = z.number().min(0).max(1);
const box = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });

/** Why an attribute is looked at in a receipt. */
export const READING_ROLES = ['hidden', 'along', 'edited', 'left'] as const;

/** What came of one attribute, as the reader that the edit was made with sees it. */
export const OUTCOMES = ['reached', 'not-within-budget', 'edit-too-weak'] as const;

const reading = z
  .strictObject({
    attribute: name,
    role: z.enum(READING_ROLES),
    judge: name.describe('Id of a reader that the edit was not made with.'),
    transformation: z.enum(TRANSFORMATION_NAMES),
    before: share.describe('Probability that it gives the clean photo.'),
    after: share.describe('Probability that it gives this photo.'),
  })
  .describe('One attribute as one judge reads it after one transformation.');

/** What was done to a face's attributes, and what judges read. */
export const attributeEdit = z.strictObject({
  removal: z.enum(REMOVALS).nullable().describe('How attributes were hidden; null where none were.'),
  strength: share.describe('The strongest that every match allows; 0 where nothing could be changed.'),
  bound: name.nullable().describe('Encoder whose match held the change back; null where the whole of it fits.'),
  matches: z.array(
    z.strictObject({
      encoder: name,
      after: z
        .enum(TRANSFORMATION_NAMES)
        .optional()
        .describe('What both went through; the match is kept after nothing that is not listed. Absent: nothing.'),
      similarity: value.describe('With the original, as the solver measured it.'),
      limit: value,
      basis: name.describe('What the limit keeps.'),
    }),
  ),
  steps: z.array(
    z.strictObject({
      kind: z.enum(['learnt', 'operation']).describe('By the editor network, or drawn along the face’s landmarks.'),
      name,
      amount: z.number().describe('Target value of a learnt change, -1..1; amount of an operation, 0..1.'),
      refused: z.enum(REFUSALS).optional().describe('Why an operation was not done; absent where it was.'),
    }),
  ),
  goals: z.array(
    z.strictObject({
      attribute: name,
      role: z.enum(READING_ROLES),
      before: value.describe('As the editor’s reader sees it, -1..1.'),
      target: value,
      after: value,
      chance: share
        .nullable()
        .describe('Chance that a draw agrees with what the face has; null where nothing was drawn.'),
      outcome: z.enum(OUTCOMES),
    }),
  ),
  readings: z.array(reading),
  seconds: z.number().min(0),
});

/** How a face was covered. */
export const hiddenFace = z.strictObject({
  cover: z.enum(COVERS),
  faceFound: z.boolean().describe('Whether the bundled detector finds a face there in the photo as written.'),
});

/** What became of the photo's metadata; names alone, never contents. */
export const metadataReport = z.strictObject({
  found: z.array(name).describe('What the original held beside its pixels.'),
  orientation: z.int().min(1).max(8).describe('The original’s EXIF orientation, which is baked into the pixels.'),
  written: z.array(name).describe('What this photo holds beside its pixels: Faceward’s own entries alone.'),
});

/** A network, by its hash. */
export const modelCard = z.strictObject({ role: z.enum(['editor', 'reader', 'judge']), id: name, hash: name });

/** What a person should look at. */
export const reviewNotes = z.strictObject({
  possible: z
    .array(z.strictObject({ box, confidence: share, covered: z.boolean() }))
    .describe('What may be faces: seen with too little confidence to be treated as such.'),
  belowQuality: z
    .array(z.strictObject({ face: z.int().min(0), reasons: z.array(name).min(1) }))
    .describe('Faces, by their place in `faces`, whose edit and test are to be mistrusted.'),
});

export type AttributeEdit = z.infer<typeof attributeEdit>;
export type AttributeReading = AttributeEdit['readings'][number];
export type AttributeGoal = AttributeEdit['goals'][number];
export type ReviewNotes = z.infer<typeof reviewNotes>;

/** Stands in every receipt of hidden attributes. */
export const ATTRIBUTE_LIMITS: readonly string[] = [
  'Keep this receipt to yourself: it says what the faces had before.',
  'One photo shows little: whether hiding works is seen over many, where a reader must not agree with the truth more often than by chance.',
  'An attacker who trains a reader on protected photos, or who has clean photos of the person, may learn more than these judges read.',
  'Whoever can tell how much a face was edited, or has several photos of one person edited by unequal strengths, learns something of how far the draw was from the truth.',
  'Photos of one person that are drawn apart from each other can be averaged: put them into one run, with a gallery that knows the person.',
];
