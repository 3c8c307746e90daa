import { z } from 'zod';
import { InputError } from '../util/errors.ts';
import { arrangementSchema, cheapestSchema, speciesSchema } from './findings-liveness.ts';
import {
  amount,
  count,
  INCONSISTENT,
  isConsistent,
  name,
  proportion,
  sha256,
  share,
  TOLERANCE,
} from './findings-parts.ts';

/** Name and version of the schema; a change that breaks readers raises the number. */
export const FINDINGS_SCHEMA = 'faceward.findings/1';

/** The measures whose names the verdict and the report know; an audit may add rows of other names. */
export const MEASURE = {
  /** Successful attack rate against the very image that was inverted. */
  typeOne: 'SAR type-I',
  /** Successful attack rate against another image of the same person. */
  typeTwo: 'SAR type-II',
  rankOne: 'rank-1 identification',
  rankFive: 'rank-5 identification',
  /** Real photos of the same person accepted: the ceiling of every attack. */
  genuine: 'genuine TMR',
  /** Perturbed photos no longer accepted as their own person. */
  dodging: 'dodging success',
  /** Perturbed photos accepted as the one other person that was aimed at. */
  impersonation: 'impersonation success',
  /** Faces made of a model's class that a judge finds to be most like its person. */
  accuracyOne: 'attack accuracy@1',
  /** The same among the five people that are most like it. */
  accuracyFive: 'attack accuracy@5',
  /** Photos of which a classifier names the right person. */
  classified: 'classification accuracy',
  /** Attack presentations that a liveness check takes for a living person. */
  apcer: 'APCER',
  /** Attack presentations that a verification lets in: live, and the right person. */
  iapar: 'IAPAR',
  /** Attack presentations that the matcher alone lets in. */
  matcherAlone: 'matched, whatever the liveness',
  /** Bona fide presentations that a liveness check does not let pass. */
  bpcer: 'BPCER',
  /** Presentations that end without a decision: another try, or another proof. */
  nonResponse: 'non-response',
} as const;

const norm = z
  .enum(['linf', 'l2'])
  .describe('"linf": the largest change of a value. "l2": the root mean square of all changes.');
const levels = amount.describe('Size of the change in levels of 0..255.');

/** How a face was changed, and by whose gradient. */
const perturbationSchema = z
  .object({
    norm,
    epsilon: levels,
    madeWith: z
      .array(name)
      .describe(
        'Encoders by whose gradient or answers it was made: the target itself, or surrogates (transfer). Empty for noise.',
      ),
  })
  .describe('How the faces were changed; absent where they were not.');

const rateFields = {
  name: name.describe(
    `What was measured: ${Object.values(MEASURE)
      .map((measure) => `"${measure}"`)
      .join(', ')}, or a name of the audit's own.`,
  ),
  attack: name.describe('The attack and its variant, or the control ("random real face").'),
  target: name.describe('Encoder whose templates were attacked.'),
  judge: name.describe('Encoder that judged; where it equals the target, the attacked encoder judged itself.'),
  fmr: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .describe('False match rate of the threshold; null where no threshold is used (rank-k).'),
  perturbation: perturbationSchema.optional(),
  ...proportion,
};

/** One measured rate with its counts and interval. */
const rateSchema = z.object(rateFields).refine(isConsistent, INCONSISTENT);

/** One measured rate of a control, what was expected of it, and whether it came true. */
const controlSchema = z
  .object({
    ...rateFields,
    expected: z
      .enum(['leaks', 'no-leak', 'fooled', 'withstands', 'chance'])
      .describe(
        '"leaks", "fooled": a planted weak encoder or model, which the attack must find so. "no-leak", "withstands": a planted strong one. "chance": what owes nothing to the attack (a random real face, the mean face, the generator without optimisation; noise of equal norm, an accessory that was not optimised), which must not succeed.',
      ),
    held: z.boolean().describe('Whether it came out as expected. One that did not makes the verdict inconclusive.'),
  })
  .refine(isConsistent, INCONSISTENT);

/** What the attacker of this audit knows, has and spends. */
const threatCardSchema = z.object({
  target: name.describe('Encoder whose templates were attacked.'),
  attacker: name.describe('Who the attacker is and what is stolen, in a sentence.'),
  knows: z.array(name).describe('What the attacker knows or has, one thing an entry.'),
  access: z
    .enum(['white-box', 'black-box', 'both'])
    .describe('Whether weights were used; "both" where both kinds of attack ran.'),
  accessReason: name.describe('Why that access was assumed.'),
  queries: count.describe('Images sent to the attacked encoder to prepare and run the attack.'),
  auxiliary: z
    .object({
      description: name.describe('What the data are.'),
      people: count.describe('People in them.'),
      images: count.describe('Images of them.'),
      pairs: count.describe('Pairs of embedding and face that the attack learnt from.'),
    })
    .describe('Faces that the attacker has besides the templates.'),
  peopleOverlap: count.describe(
    'People who are both in the auxiliary data and among those attacked; 0 is the honest case.',
  ),
  computeSeconds: amount.describe('Time the attack took, training included where it ran in this audit.'),
  device: name.describe('What it ran on.'),
});

/** Leakage against what the attacker has. */
const curveSchema = z.object({
  name: name.describe('What the curve shows; names its judge and false match rate.'),
  x: z
    .object({
      label: name.describe('What the attacker spends.'),
      unit: name.describe('Unit of x, plural: "pairs", "queries", "steps".'),
      scale: z.enum(['linear', 'log']).describe('How to draw it; log leaves room for a zero at the left.'),
    })
    .describe('The horizontal axis.'),
  y: z.object({ label: name.describe('Name of the rate.') }).describe('The vertical axis: a rate, 0 to 1.'),
  points: z
    .array(
      z
        .object({
          x: amount.describe('What was spent.'),
          y: share.describe('The rate it gave.'),
          low: share.optional().describe('Lower bound of y.'),
          high: share.optional().describe('Upper bound of y.'),
        })
        .refine((point) => (point.low ?? 0) <= point.y + TOLERANCE && point.y <= (point.high ?? 1) + TOLERANCE, {
          error: 'y lies outside its interval',
        }),
    )
    .min(1)
    .describe('In rising order of x, with the interval of y where it is known.'),
});

/** One person of the leak register. */
const personSchema = z
  .object({
    person: name.describe('Name or pseudonym, as the data set has it.'),
    ...proportion,
    worstDecile: z.boolean().describe('Among the tenth of people who leak most: those to re-enrol first.'),
  })
  .refine(isConsistent, INCONSISTENT);

/** The smallest perturbation with which an attack succeeds. */
const smallestSchema = z.object({
  name: name.describe(`"${MEASURE.dodging}", "${MEASURE.impersonation}", or "no face found".`),
  attack: name.describe('The attack.'),
  target: name.describe('Encoder that was attacked, with its defences.'),
  norm,
  fmr: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .describe('False match rate of the threshold that had to be crossed; null for the detector.'),
  median: levels.nullable().describe('Median over the pairs; null where the attack fails on half of them or more.'),
  low: levels.nullable().describe('Lower bound of the median; null where it is "never".'),
  high: levels.nullable().describe('Upper bound of the median; null where it is "never".'),
  pairs: z.int().min(1).describe('Pairs or photos that were right when clean.'),
  failed: count.describe('Of those, where nothing was found.'),
});

/** What an attack that only asks needs to succeed. */
const queriesSchema = z
  .object({
    name: name.describe(`"${MEASURE.dodging}" or "${MEASURE.impersonation}".`),
    attack: name.describe('The attack.'),
    target: name.describe('Encoder that was attacked, with its defences.'),
    access: z.enum(['similarity', 'decision']).describe('What the system answers: a similarity, or yes and no.'),
    norm,
    epsilon: levels,
    fmr: z.number().gt(0).max(1).describe('False match rate of the threshold that had to be crossed.'),
    budget: count.describe('Queries allowed for each pair.'),
    median: count
      .nullable()
      .describe('Median of the queries until success; null where half of the pairs or more held.'),
    ...proportion,
  })
  .refine(isConsistent, INCONSISTENT);

/** Something that must hold of any attack that works. */
const selfTestSchema = z.object({
  name: name.describe('What was tested.'),
  sentence: name.describe('What was seen, with its figures.'),
  held: z.boolean().describe('Whether it held. One that did not makes the verdict inconclusive.'),
});

/** A figure between the bounds of its interval. */
const estimate = (value: z.ZodNumber) =>
  z
    .object({
      value: value.describe('The figure.'),
      low: value.describe('Lower bound.'),
      high: value.describe('Upper bound.'),
    })
    .refine(({ value: middle, low, high }) => low <= middle + TOLERANCE && middle <= high + TOLERANCE, {
      error: 'the value lies outside its interval',
    });

/** How well an attack reads an attribute. */
const leakageSchema = z.object({
  attribute: name.describe('What is read, by CelebA’s name.'),
  asked: z.boolean().describe('Whether the audit is about this attribute; others are measured beside it.'),
  source: z.enum(['templates', 'photos']).describe('What the attacker has.'),
  target: name.describe('Encoder whose templates are read; "portraits" of photos.'),
  attack: name.describe('The attack.'),
  protection: name.nullable().describe('How photos or templates were protected; null where they were not.'),
  adaptive: z
    .boolean()
    .describe('Whether the attack was trained on what is protected, so that it knows the protection.'),
  transformation: name.nullable().describe('What was done to the photo before it was read; null where nothing was.'),
  subgroup: name.nullable().describe('The part of the test people that this row is of; null where it is all.'),
  present: count.describe('Test faces with the attribute.'),
  absent: count.describe('Test faces without it.'),
  people: count.describe('Test people behind them.'),
  balancedAccuracy: estimate(z.number().min(0).max(1)).describe(
    'Mean of the shares of present and absent that are called rightly, at a threshold of other people; mirrored where it is below chance, 0.5.',
  ),
  auc: estimate(z.number().min(0).max(1)).describe('Area under the ROC curve; mirrored below chance, 0.5.'),
  eer: estimate(z.number().min(0).max(1)).describe('Equal error rate; mirrored above chance, 0.5.'),
  informationBits: estimate(z.number().min(0)).describe(
    'Mutual information of score and attribute, its bias taken off.',
  ),
  informationChanceBits: amount.describe('What 95 % of random labellings of people stay under.'),
  entropyBits: amount.describe('Entropy of the attribute: the most there is to learn.'),
});

/** How well an encoder still recognises people. */
const recognitionSchema = z.object({
  target: name.describe('Encoder that recognises.'),
  comparison: name.describe('What is compared with what: "protected with original".'),
  transformation: name.nullable().describe('What was done to the protected photo before; null where nothing was.'),
  subgroup: name.nullable().describe('The part of the test people that this row is of; null where it is all.'),
  genuinePairs: count.describe('Pairs of different photos of one person.'),
  impostorPairs: count.describe('Pairs of photos of two people that were taken.'),
  impostorPairsThere: count
    .optional()
    .describe('Pairs that there are, where only some were taken, drawn by the seed; absent where all were.'),
  eer: share.describe('Equal error rate.'),
  fmr: z.number().gt(0).max(1).describe('False match rate of the threshold of "matched".'),
  matched: z
    .object(proportion)
    .refine(isConsistent, INCONSISTENT)
    .nullable()
    .describe(
      'Genuine pairs that are matched at the threshold of original calibration people; bootstrap over people; null where there is none.',
    ),
  tarAtFar1: z
    .object(proportion)
    .nullable()
    .describe('True accept rate at FAR 1 %, threshold from these impostor pairs; null where they are too few.'),
  tarAtFar01: z.object(proportion).nullable().describe('The same at FAR 0.1 %.'),
  rankOne: z
    .object(proportion)
    .nullable()
    .describe('Rank-1 identification among the test people, one original photo of each enrolled; null of a subgroup.'),
});

/** How near faces that were made of a model's classes come to its training photos, in a judge's features. */
const likenessSchema = z.object({
  attack: name.describe('The attack that made them, or real faces for comparison.'),
  features: name.describe('Encoder whose embeddings, made as long as 1, are the features.'),
  faces: z.int().min(1).describe('Faces.'),
  nearestTraining: estimate(amount).describe(
    'Euclidean distance to the nearest training photo of the person, 0 to 2: mean over the faces, bootstrap over people.',
  ),
  frechetDistance: amount
    .nullable()
    .describe(
      'Fréchet distance to the training photos of the attacked people; with these features it is no FID. It falls with the number of faces; null for few, and of the training photos themselves.',
    ),
  prdc: z
    .object({
      precision: share.describe('Share of the made faces among the real ones.'),
      recall: share.describe('Share of the real faces among the made ones.'),
      density: amount.describe('Real neighbourhoods that a made face lies in, by k.'),
      coverage: share.describe('Share of the real faces that have a made one in their neighbourhood.'),
    })
    .nullable()
    .describe('Precision, recall, density and coverage, k = 3; null for few faces.'),
});

/** How well an attack tells photos that a model was trained on from others of the same people. */
const membershipSchema = z.object({
  attack: name.describe('The attack.'),
  target: name.describe('Model whose training photos are looked for.'),
  reference: name.nullable().describe('Model that has seen neither, by which the attack is calibrated; null for none.'),
  members: z.int().min(1).describe('Photos of the training folder.'),
  nonMembers: z.int().min(1).describe('Photos that were held out.'),
  people: z.int().min(1).describe('People behind them.'),
  auc: estimate(share).describe('Area under the ROC curve; chance is 0.5. Bootstrap over people.'),
  tprAtFpr1: estimate(share)
    .nullable()
    .describe(
      'Share of the members that are found at a false positive rate of 1 %; chance is 0.01; null for fewer than 100 others.',
    ),
});

/** What a defence costs on clean data. */
const costSchema = z.object({
  defence: name.describe('The defence and its setting.'),
  measure: name.describe('What was measured on clean data ("genuine TMR at FMR 0.1 %", "time per image").'),
  unit: z.string().describe('Unit of both figures; "rate" for a share of 1, empty where there is none.'),
  without: z.number().describe('The figure without the defence.'),
  with: z.number().describe('The figure with it.'),
});

/** A figure of image quality: secondary, it may never make a verdict. */
const qualitySchema = z.object({
  attack: name.describe('The attack whose images were measured.'),
  measure: name.describe('"SSIM", "PSNR", "L1", "L2", "LPIPS".'),
  unit: z.string().describe('"dB", or empty.'),
  mean: z.number().describe('Mean over the images.'),
  deviation: amount.optional().describe('Standard deviation over the images.'),
  images: z.int().min(1).describe('Images measured.'),
});

/** A threshold with all that gives it a meaning. */
const thresholdSchema = z.object({
  encoder: name.describe('Encoder that the threshold belongs to.'),
  fmr: z.number().gt(0).max(1).describe('False match rate at which the threshold was fixed.'),
  similarity: z.number().describe('Pairs of at least this similarity are accepted.'),
  measure: name.describe('The similarity: "cosine".'),
  dataset: name.describe('Data set of the impostor pairs.'),
  impostorPairs: z.int().min(1).describe('Pairs of photos of two people that it was fixed on.'),
  impostorPeople: z.int().min(2).optional().describe('People in those pairs.'),
  low: share.describe('Lower bound of the false match rate that this threshold has on those pairs.'),
  high: share.describe('Upper bound of it.'),
});

/** Enough to run the audit again and get the same numbers. */
const provenanceSchema = z.object({
  faceward: name.describe('Version of Faceward.'),
  command: name.describe('The command line that runs this audit again.'),
  seed: z.union([z.int(), z.string()]).describe('Seed of all random numbers.'),
  date: z.iso.datetime({ offset: true }).describe('Start of the run.'),
  platform: z.record(z.string(), z.string()).describe('Operating system, processor, Node, ONNX Runtime, device.'),
  durations: z
    .array(z.object({ stage: name.describe('Part of the audit.'), seconds: amount.describe('Time it took.') }))
    .describe('How long each part took.'),
  models: z
    .array(
      z.object({
        role: name.describe('"target", "judge", "inverter", "generator".'),
        id: name.describe('Name of the model.'),
        sha256: sha256.describe('Hash of its file; of its address where the weights are out of reach.'),
      }),
    )
    .describe('Every model that took part.'),
  data: z
    .array(
      z.object({
        role: name.describe(
          '"audited", "calibration", "auxiliary", "gallery"; "null-space projection", those of the auxiliary people on whom it was fitted; "protected, test people".',
        ),
        name: name.describe('Name of the data set.'),
        people: count.describe('People used.'),
        images: count.describe('Images used.'),
        rejected: count.optional().describe('Images left out: missing, unreadable, or without a face.'),
        leftOut: z
          .array(
            z.object({
              id: name.describe('The original photo, as its data set calls it.'),
              reason: name.describe('Why there is no protected one: "missing", "unreadable".'),
            }),
          )
          .optional()
          .describe('Of protected photos each one that was left out.'),
        sha256: sha256.describe('Hash over the hashes of the images, in the order of their names.'),
      }),
    )
    .describe('Every set of faces that took part.'),
  thresholds: z.array(thresholdSchema).describe('Every threshold that was used.'),
  intervals: z
    .object({
      method: name.describe('"Wilson", "bootstrap over people", or "Clopper-Pearson".'),
      confidence: z.number().gt(0).lt(1).describe('0.95 for a 95 % interval.'),
    })
    .describe('How the bounds of every rate were worked out.'),
});

/** 64 KB of base64: room for a thumbnail and its mark, none for a picture worth stealing. */
const LARGEST_FACE = 65_536;
const facePng = z
  .string()
  .max(LARGEST_FACE)
  .regex(/^data:image\/png;base64,iVBORw0KGgo[A-Za-z0-9+/]+={0,2}$/, 'must be a small PNG as a data URI');

/** A face that an attack made, small and marked; present only where somebody asked for faces. */
const faceSchema = z.object({
  person: name.describe('Name or pseudonym.'),
  attack: name.describe('The attack that made it.'),
  reconstruction: facePng.describe('The marked reconstruction, or perturbed photo, as a data URI, at most 64 KB.'),
  original: facePng.optional().describe('The photo it is compared with, only where that was asked for too.'),
});

const findingsShape = z.object({
  schema: z.literal(FINDINGS_SCHEMA).describe('Name and version of this schema.'),
  audit: name.describe('Kind of audit: "inversion", "robustness", "attributes", "training" or "liveness".'),
  verdict: z
    .enum(['leaks', 'leaks-little', 'fooled', 'withstood', 'inconclusive'])
    .describe(
      'Of templates, of attributes, and of training photos: "leaks" or "leaks-little". Of robustness and of liveness: "fooled", or "withstood" the attacks that were tried. There is no "safe". Inconclusive wherever a control or a self-test did not hold, or none was run.',
    ),
  sentence: name.describe('The verdict in plain words, with the figure and its interval.'),
  threatCard: threatCardSchema.describe('What the attacker knows, has and spends.'),
  rates: z.array(rateSchema).describe('The measured rates, those of each judge apart.'),
  controls: z.array(controlSchema).describe('What shows that the measurement itself works.'),
  curves: z.array(curveSchema).describe('Leakage against what the attacker has.'),
  people: z.array(personSchema).describe('The leak register: type-II SAR for each person, worst first.'),
  smallest: z
    .array(smallestSchema)
    .optional()
    .describe('Smallest perturbations that succeed; of robustness audits alone, as are the next two.'),
  queries: z.array(queriesSchema).optional().describe('What attacks that only ask need.'),
  selfTests: z.array(selfTestSchema).optional().describe('What must hold of any attack that works.'),
  leakage: z
    .array(leakageSchema)
    .optional()
    .describe('How well attributes are read; of attribute audits alone, as is the next.'),
  recognition: z.array(recognitionSchema).optional().describe('How well people are still recognised.'),
  likeness: z
    .array(likenessSchema)
    .optional()
    .describe(
      'How near faces made of a model’s classes come to its training photos; of training audits alone, as is the next.',
    ),
  membership: z
    .array(membershipSchema)
    .optional()
    .describe('How well training photos are told from others; empty where no photos were held out.'),
  species: z
    .array(speciesSchema)
    .optional()
    .describe('The kinds of attack presentations that were tried; of liveness audits alone, as are the next two.'),
  arrangements: z.array(arrangementSchema).optional().describe('What single checks are worth, and what each adds.'),
  cheapest: cheapestSchema
    .nullable()
    .optional()
    .describe('The least costly attack that gets in; null where none did, absent where none was looked for.'),
  costs: z.array(costSchema).describe('What defences cost on clean data; empty where none was tried.'),
  quality: z.array(qualitySchema).describe('Image quality: secondary, it never makes a verdict.'),
  provenance: provenanceSchema.describe('Enough to run it again and get the same numbers.'),
  faces: z
    .array(faceSchema)
    .optional()
    .describe('Reconstructions, or perturbed photos; only with --show-faces: small and marked.'),
});

/** The findings of an audit: what `findings.json` holds. */
export const findingsSchema = findingsShape.refine(
  ({ audit, verdict, controls, selfTests = [] }) => {
    // An audit of attributes plants what must be found, and what must not, as self-tests.
    const needed = audit === 'attributes' ? selfTests : controls;
    return verdict === 'inconclusive' || (needed.length > 0 && [...controls, ...selfTests].every(({ held }) => held));
  },
  { path: ['verdict'], error: 'must be "inconclusive" where a control or a self-test did not hold, or none was run' },
);

export type Findings = z.infer<typeof findingsSchema>;
export type Verdict = Findings['verdict'];
export type Rate = z.infer<typeof rateSchema>;
export type Control = z.infer<typeof controlSchema>;
export type ThreatCard = z.infer<typeof threatCardSchema>;
export type Curve = z.infer<typeof curveSchema>;
export type PersonLeak = z.infer<typeof personSchema>;
export type Cost = z.infer<typeof costSchema>;
export type Quality = z.infer<typeof qualitySchema>;
export type Perturbation = z.infer<typeof perturbationSchema>;
export type Smallest = z.infer<typeof smallestSchema>;
export type Queries = z.infer<typeof queriesSchema>;
export type SelfTest = z.infer<typeof selfTestSchema>;
export type Leakage = z.infer<typeof leakageSchema>;
export type Likeness = z.infer<typeof likenessSchema>;
export type Membership = z.infer<typeof membershipSchema>;
export type Recognition = z.infer<typeof recognitionSchema>;
export type Species = z.infer<typeof speciesSchema>;
export type Arrangement = z.infer<typeof arrangementSchema>;
export type Cheapest = z.infer<typeof cheapestSchema>;
export type ShownFace = z.infer<typeof faceSchema>;

/**
 * Checks a value against the schema.
 *
 * @param value - findings as parsed from JSON or as an audit made them; unknown fields are dropped.
 * @param source - where they come from, for the error.
 * @throws InputError naming the first fields that do not fit.
 */
export function checkFindings(value: unknown, source = 'findings'): Findings {
  const result = findingsSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${z.core.toDotPath(issue.path) || 'the whole'}: ${issue.message}`);
  const more = issues.length > 3 ? ` (and ${issues.length - 3} more)` : '';
  throw new InputError(`${source} does not hold ${FINDINGS_SCHEMA}: ${issues.slice(0, 3).join('; ')}${more}`, {
    hint: 'docs/findings.md describes every field',
    cause: result.error,
  });
}

/**
 * Reads the text of a `findings.json`.
 *
 * @throws InputError where it is no JSON or does not fit the schema.
 */
export function parseFindings(json: string, source = 'findings'): Findings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new InputError(`${source} is not JSON`, { hint: 'give the findings.json of an earlier audit', cause });
  }
  return checkFindings(value, source);
}

/** The text of `findings.json`: keys in the schema's order, so that two runs compare line by line. */
export function formatFindings(findings: Findings): string {
  return `${JSON.stringify(checkFindings(findings), undefined, 2)}\n`;
}
