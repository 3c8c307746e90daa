import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { REMOVALS, type Removal } from '../defence/photo/attribute/removal.ts';
import { type CloakStrength, STRENGTHS, strengthOf } from '../defence/photo/cloak/strength.ts';
import { COVERS, type Cover } from '../defence/photo/identity/hide-identity.ts';
import type { Face } from '../face/face.ts';
import { isSameFace } from '../face/suppression.ts';
import { InputError } from '../util/errors.ts';

/** Name and version of the schema; a change that breaks readers raises the number. */
export const POLICY_SCHEMA = 'faceward.policy/1';

const words = z.array(z.string().min(1));

const attributes = z.strictObject({
  hide: words.default([]).describe('Words such as sex, age and glasses, or attributes of the editor.'),
  keep: words.default([]).describe('What must stay, and does not go along with what is hidden.'),
  edit: words
    .default([])
    .describe('Changes for looks: presets, attribute=value with -1..1, or drawn:operation=amount.'),
  removal: z.enum(REMOVALS).default('draw'),
  shares: z.record(z.string(), z.number().min(0).max(1)).default({}).describe('Shares of the population to draw from.'),
});

const action = z.union([
  z.enum(['keep', 'attributes', 'cloak', 'hide']).describe('By itself, "attributes" is what the command line says.'),
  z.strictObject({ attributes }),
  z.strictObject({ cloak: z.strictObject({ strength: z.enum(STRENGTHS).default('mid') }) }),
  z.strictObject({ hide: z.strictObject({ with: z.enum(COVERS).default('fill') }) }),
]);

const box = z.strictObject({ x: z.number(), y: z.number(), width: z.number().min(1), height: z.number().min(1) });

const condition = z
  .strictObject({
    photo: z.string().min(1).describe('Path of the photo below the folder that was named; * stands for anything.'),
    person: z.string().min(1).describe('Whom the gallery takes the face for.'),
    index: z.int().min(1).describe('1 for the largest face of the photo, 2 for the next.'),
    box: box.describe('Where the face is, in pixels of the upright photo.'),
    size: z.enum(['largest', 'others']),
  })
  .partial();

const policySchema = z.strictObject({
  schema: z.literal(POLICY_SCHEMA),
  gallery: z
    .string()
    .min(1)
    .optional()
    .describe('Folder with a folder of clean photos for each person; beside this file.'),
  rules: z
    .array(z.strictObject({ if: condition.describe('All of it has to hold.'), do: action }))
    .default([])
    .describe('The first that fits a face decides.'),
  otherwise: action.default('attributes').describe('For every other face.'),
  possible: z.enum(['report', 'hide']).default('report').describe('For what may be a face; reported, or covered too.'),
  withoutFaces: z.enum(['write', 'refuse']).default('write').describe('For photos in which no face is found.'),
});

/** What becomes of one face. */
export type FacePlan =
  | { readonly action: 'keep' }
  | { readonly action: 'attributes'; readonly words: AttributeWords }
  | { readonly action: 'cloak'; readonly strength: CloakStrength }
  | { readonly action: 'hide'; readonly cover: Cover };

/** What is wanted of a face's attributes, in the words of the user. */
export interface AttributeWords {
  readonly hide: readonly string[];
  readonly keep: readonly string[];
  readonly edit: readonly string[];
  readonly removal: Removal;
  readonly shares: Readonly<Record<string, number>>;
}

/** What becomes of the faces of a batch of photos. */
export interface FacePolicy {
  /** Folder of clean photos by person, where rules name people or photos are to be tested beside others. */
  readonly gallery: string | undefined;
  readonly possible: 'report' | 'hide';
  readonly withoutFaces: 'write' | 'refuse';
  /** Everybody whom a rule names. */
  readonly people: readonly string[];
  /** Every plan that a face can get, each once. */
  readonly plans: readonly FacePlan[];
  /** @param place - its place among the photo's faces, the largest first. */
  planOf(face: Pick<Face, 'box'>, place: FacePlace): FacePlan;
}

/** Where a face stands. */
export interface FacePlace {
  readonly photo: string;
  readonly place: number;
  readonly person: string | undefined;
}

/** The policy that does the same to every face. */
export const policyForAll = (plan: FacePlan): FacePolicy => ({
  gallery: undefined,
  possible: 'report',
  withoutFaces: 'write',
  people: [],
  plans: [plan],
  planOf: () => plan,
});

/**
 * Reads a policy.
 *
 * @param given - what "attributes" by itself stands for: what the command line says.
 * @throws InputError where it cannot be read, or does not fit its schema; or where a rule names a person and there is no gallery.
 */
export async function readPolicy(path: string, given: AttributeWords): Promise<FacePolicy> {
  const parsed = policySchema.safeParse(await readJson(path));
  if (!parsed.success) {
    throw new InputError(`${path} is no policy: ${z.prettifyError(parsed.error)}`, {
      hint: 'docs/protect-attributes.md explains it',
    });
  }
  const { gallery, rules, otherwise, possible, withoutFaces } = parsed.data;
  if (gallery === undefined && rules.some((rule) => rule.if.person !== undefined)) {
    throw new InputError(`${path} names people, and no gallery to know them from`, {
      hint: 'add "gallery": a folder with a folder of photos for each person',
    });
  }
  const planned = rules.map((rule) => ({ condition: rule.if, plan: planFor(rule.do, given) }));
  const rest = planFor(otherwise, given);
  return {
    gallery: gallery === undefined ? undefined : resolve(dirname(path), gallery),
    possible,
    withoutFaces,
    people: [...new Set(rules.flatMap((rule) => rule.if.person ?? []))],
    plans: [...planned.map(({ plan }) => plan), rest],
    planOf: (face, place) => planned.find(({ condition: one }) => fits(one, face, place))?.plan ?? rest,
  };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${path}: the policy cannot be read`, { hint: 'check the path', cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${path} is no JSON`, { hint: 'docs/protect-attributes.md explains policies', cause });
  }
}

function planFor(wanted: z.infer<typeof action>, given: AttributeWords): FacePlan {
  if (wanted === 'keep') return { action: 'keep' };
  if (wanted === 'attributes') return { action: 'attributes', words: given };
  if (wanted === 'cloak') return { action: 'cloak', strength: strengthOf('mid') };
  if (wanted === 'hide') return { action: 'hide', cover: 'fill' };
  if ('attributes' in wanted) return { action: 'attributes', words: wanted.attributes };
  if ('cloak' in wanted) return { action: 'cloak', strength: strengthOf(wanted.cloak.strength) };
  return { action: 'hide', cover: wanted.hide.with };
}

function fits(
  { photo, person, index, box: wanted, size }: z.infer<typeof condition>,
  face: Pick<Face, 'box'>,
  at: FacePlace,
): boolean {
  return (
    (photo === undefined || matchesPattern(at.photo, photo)) &&
    (person === undefined || at.person === person) &&
    (index === undefined || at.place === index - 1) &&
    (wanted === undefined || isSameFace(face.box, wanted)) &&
    (size === undefined || (size === 'largest') === (at.place === 0))
  );
}

/** Paths are compared with forward slashes. */
function matchesPattern(path: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(path.replaceAll('\\', '/'));
}
