import { z } from 'zod';
import { FACE_ACTIONS } from '../../image/protected-photo.ts';
import { InputError } from '../../util/errors.ts';
import { attributeEdit, hiddenFace, metadataReport, modelCard, reviewNotes } from './attribute-receipt.ts';
import { TRANSFORMATION_NAMES } from './transformations.ts';

/** Name and version of the schema; a change that breaks readers raises the number. */
export const RECEIPT_SCHEMA = 'faceward.receipt/1';

/** What a receipt can come to; never "safe". */
export const RECEIPT_VERDICTS = [
  'protects',
  'protects-partly',
  'does-not-protect',
  'untested',
  'left-as-it-is',
] as const;

export type ReceiptVerdict = (typeof RECEIPT_VERDICTS)[number];

const name = z.string().min(1);
const count = z.int().min(0);
const similarity = z.number().min(-1).max(1);
const verdict = z.enum(RECEIPT_VERDICTS);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 hash: 64 hex digits');

const file = z.strictObject({
  name,
  sha256,
  widthPx: z.int().min(1),
  heightPx: z.int().min(1),
});

const comparisons = z.strictObject({
  mean: similarity.describe('Mean similarity with the other clean photos.'),
  best: similarity.describe('Similarity with the most similar of them, which decides.'),
  matches: count.describe('How many of them it matches at the threshold.').nullable(),
});

const test = z
  .strictObject({
    encoder: name.describe('Id of the encoder.'),
    transformation: z.enum(TRANSFORMATION_NAMES).describe('What was done to the photo before it was recognised.'),
    faceFound: z
      .boolean()
      .describe('Whether the bundled detector still finds the face; if not, it is cut out where it was.'),
    samePhoto: similarity.nullable().describe('Similarity with the clean photo itself; null where there is none.'),
    otherPhotos: z
      .strictObject({
        photos: z.int().min(1),
        before: comparisons.nullable().describe('Of the clean photo, transformed alike; null where there is none.'),
        after: comparisons,
      })
      .nullable()
      .describe('Against other clean photos of the person; null where there are none.'),
    rank: z
      .strictObject({
        people: z.int().min(1),
        before: z.int().min(1).nullable(),
        after: z.int().min(1),
      })
      .nullable()
      .describe('Place of the person among the people of a gallery, 1 for the first; null without a gallery.'),
    recognisedBefore: z
      .boolean()
      .nullable()
      .describe('Whether the clean photo is recognised at the threshold; null where it cannot be told.'),
    recognised: z.boolean().nullable().describe('Whether this photo is; null where the encoder has no threshold.'),
  })
  .describe('One encoder after one transformation.');

const face = z.strictObject({
  box: z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  person: name.nullable().describe('Whose photos it was compared with; null where with none but its own.'),
  cloak: z
    .strictObject({
      dssim: z.number().min(0).max(1),
      largestChange: count.max(255).describe('In grey levels.'),
      seconds: z.number().min(0),
    })
    .nullable(),
  action: z.enum(FACE_ACTIONS).describe('What the policy asked for; absent where there is none.').optional(),
  attributes: attributeEdit.optional(),
  hidden: hiddenFace.optional(),
  tests: z.array(test),
  verdict,
  sentence: name,
});

const receiptSchema = z.strictObject({
  schema: z.literal(RECEIPT_SCHEMA),
  kind: z.enum(['cloak', 'check', 'attributes']),
  faceward: name,
  /** Of everything that decides the result: the same hash means the same options. */
  options: sha256,
  input: file.describe('The photo as it was given.'),
  output: file.nullable().describe('The photo that was written; null where none was.'),
  cloak: z.strictObject({ strength: name, dssim: z.number().min(0).max(1), steps: count, seed: count }).nullable(),
  encoders: z.array(
    z.strictObject({
      id: name,
      hash: name,
      role: z.enum(['used', 'held-out']).describe('Whether the protection was made with it.'),
      threshold: z
        .strictObject({ similarity, fmr: z.number().min(0).max(1), dataset: name, impostorPairs: count })
        .nullable(),
    }),
  ),
  models: z.array(modelCard).describe('What changed and read attributes.').optional(),
  metadata: metadataReport.optional(),
  review: reviewNotes.optional(),
  faces: z.array(face),
  verdict,
  sentence: name.describe('The verdict with its reason, in plain words.'),
  limits: z.array(name).describe('What no test here can rule out.'),
});

/** What a protected photo was found to withstand: no face and no embedding is in it. */
export type Receipt = z.infer<typeof receiptSchema>;

export type ReceiptFace = Receipt['faces'][number];
export type ReceiptTest = ReceiptFace['tests'][number];
export type ReceiptEncoder = Receipt['encoders'][number];

/** A photo of which nothing was written, and why. */
export interface FailedPhoto {
  readonly photo: string;
  readonly problem: string;
  readonly hint: string | undefined;
}

/** Stands in every receipt of a cloak. */
export const RECEIPT_LIMITS: readonly string[] = [
  'Clean photos of the person that are already public undo the protection: whoever has them compares those.',
  'A recogniser that is trained again on cloaked photos learns the cloak.',
  'Encoders that were not tested may recognise the face; those of commercial services are among them.',
];

/** The receipt as text, checked. @throws InputError where it does not fit its schema. */
export function writeReceipt(receipt: Receipt): string {
  return `${JSON.stringify(checked(receipt, 'the receipt'), undefined, 2)}\n`;
}

/** A receipt from its text. @throws InputError where it is none, or does not fit its schema. */
export function readReceipt(text: string, source: string): Receipt {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${source} is no JSON`, { cause });
  }
  return checked(json, source);
}

function checked(value: unknown, source: string): Receipt {
  const parsed = receiptSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`${source} is no receipt: ${z.prettifyError(parsed.error)}`);
}
