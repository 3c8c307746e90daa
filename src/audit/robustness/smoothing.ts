import { EVASION_ATTACKS } from '../../attack/evasion/attacks.ts';
import type { Goal } from '../../attack/evasion/goal.ts';
import { decideSmoothed, noisyEmbeddings, type SmoothedDecision } from '../../defence/input/randomised-smoothing.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { openSimilarityGradient, type SeenFace, type SimilarityGradient } from '../../encoder/similarity-gradient.ts';
import { CANONICAL_VIEW } from '../../face/alignment.ts';
import { toPlanar } from '../../image/tensor.ts';
import { type CertifiedShare, certifiedAccuracy } from '../../metric/certified-radius.ts';
import { type Rate, wilson } from '../../metric/intervals.ts';
import { similarityMatrix } from '../../metric/similarity.ts';
import { type Threshold, thresholdAtFmr } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { CapabilityError, InputError } from '../../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import type { AuditFace, Subject } from '../subjects.ts';

/** Draws of the noise over which the attack takes the mean of its gradient, at each step. */
const DRAWS = 4;

/** How {@link measureSmoothing} measures. */
export interface SmoothingMeasurementOptions extends JobOptions, SessionOptions {
  readonly encoder: Encoder;
  /** Each gives a genuine comparison where there is a second photo, and an impostor one with the next. */
  readonly subjects: readonly Subject[];
  /** One face a person, of people disjoint from the subjects: their impostor comparisons under the noise fix the threshold. */
  readonly calibration: { readonly name: string; readonly faces: readonly AuditFace[] };
  readonly fmr: number;
  readonly sigma: number;
  readonly guesses: number;
  readonly samples: number;
  readonly alpha: number;
  /** Radii at which certified accuracy is asked for, Euclidean, over faces in 0..1. */
  readonly radii: readonly number[];
  /** Certified comparisons of each goal that PGD attacks; 0: none. */
  readonly attacked: number;
  readonly seed: number;
}

/** A comparison of two photos, certified. */
export interface CertifiedComparison extends SmoothedDecision {
  readonly goal: Goal;
  readonly person: string;
  readonly right: boolean;
}

/** What PGD did within the certified radii. */
export interface CertificateAttack {
  readonly goal: Goal;
  /** Faces attacked, each with its own certified radius as the budget. */
  readonly trials: number;
  /** Share whose smoothed decision, on new noise, is certified to be the other one: what a certificate denies, but for its alpha. */
  readonly overturned: Rate;
  /** Share for which most of the new looks disagree, be it by chance. */
  readonly outvoted: Rate;
  /** Share whose decision without smoothing is the other one: what the same budget does to the bare encoder. */
  readonly bareFooled: Rate;
}

/** Randomised smoothing in front of one encoder, at one deviation of the noise. */
export interface SmoothingMeasurements {
  readonly sigma: number;
  readonly threshold: Threshold;
  readonly comparisons: readonly CertifiedComparison[];
  readonly genuine: readonly CertifiedShare[];
  readonly impostors: readonly CertifiedShare[];
  readonly attacks: readonly CertificateAttack[];
}

interface Probe {
  readonly person: string;
  /** Planar, along the encoder's view. */
  readonly face: Float32Array;
  readonly references: readonly { readonly goal: Goal; readonly embedding: Float32Array }[];
}

/**
 * Measures randomised smoothing of an encoder's decision: a threshold of its own, the certified accuracy against the radius, and whether PGD within the certified radius overturns a
 * decision. Noise is put on the probe; references are enrolled without it.
 *
 * Cost: guesses + samples queries for each subject, and for each face that is attacked as many again, beside 40 steps of 4 gradients.
 *
 * @throws InputError where the calibration faces do not suffice for the FMR; CapabilityError where an attack is asked for and the encoder's gradient is not at hand.
 */
export async function measureSmoothing(options: SmoothingMeasurementOptions): Promise<SmoothingMeasurements> {
  const { encoder, subjects, sigma, radii, seed } = options;
  const random = new Random(seed).fork(`smoothing ${sigma}`);
  const threshold = await noisyThreshold(options, random);
  const probes = await probesOf(encoder, subjects);
  const comparisons: CertifiedComparison[] = [];
  for (const [i, probe] of probes.entries()) {
    const looks = await looksAt(probe.face, options, random.fork(`look ${i}`));
    for (const { goal, embedding } of probe.references) {
      const decision = decideSmoothed(looks, embedding, threshold, options);
      comparisons.push({ ...decision, goal, person: probe.person, right: isRight(goal, decision.same) });
    }
    options.onProgress?.({ stage: `certifying at sigma ${sigma}`, done: i + 1, total: probes.length });
  }
  const certified = (goal: Goal): readonly CertifiedShare[] => {
    const own = comparisons.filter((comparison) => comparison.goal === goal);
    return own.length > 0 ? certifiedAccuracy(own, radii) : [];
  };
  return {
    sigma,
    threshold,
    comparisons,
    genuine: certified('dodge'),
    impostors: certified('impersonate'),
    attacks: options.attacked > 0 ? await attackCertificates(probes, comparisons, threshold, options, random) : [],
  };
}

const isRight = (goal: Goal, same: boolean | undefined): boolean => same === (goal === 'dodge');

const looksAt = (face: Float32Array, options: SmoothingMeasurementOptions, random: Random): Promise<Float32Array[]> =>
  noisyEmbeddings(options.encoder, face, options.guesses + options.samples, {
    ...jobOf(options),
    sigma: options.sigma,
    random,
  });

/** The signal alone: progress is counted in faces. */
const jobOf = ({ signal }: JobOptions): JobOptions => (signal ? { signal } : {});

/** A smoothed encoder is an encoder of its own: noise makes impostors more alike, and genuine pairs less. */
async function noisyThreshold(options: SmoothingMeasurementOptions, random: Random): Promise<Threshold> {
  const { encoder, calibration, fmr, sigma } = options;
  const rows: Float32Array[] = [];
  const columns: Float32Array[] = [];
  for (const [i, { image }] of calibration.faces.entries()) {
    const seen = cropView(image, encoder.view);
    rows.push(
      ...(await noisyEmbeddings(encoder, toPlanar([seen]), 1, {
        ...jobOf(options),
        sigma,
        random: random.fork(`calibration ${i}`),
      })),
    );
    columns.push(...(await encoder.embed([seen])));
    options.onProgress?.({ stage: `threshold at sigma ${sigma}`, done: i + 1, total: calibration.faces.length });
  }
  const people = calibration.faces.map(({ person }) => person);
  const impostors = similarityMatrix(rows, columns).flatMap((row, i) =>
    [...row].filter((_, j) => people[i] !== people[j]),
  );
  return thresholdAtFmr(impostors, fmr, {
    dataset: calibration.name,
    encoder: `${encoder.id}, noise of deviation ${sigma}`,
  });
}

async function probesOf(encoder: Encoder, subjects: readonly Subject[]): Promise<Probe[]> {
  if (subjects.length < 2) throw new InputError('smoothing is measured on two people or more');
  const embed = async ({ image }: AuditFace): Promise<Float32Array> => {
    const [embedding] = await encoder.embed([cropView(image, encoder.view)]);
    return embedding as Float32Array;
  };
  const own: Float32Array[] = [];
  for (const { template } of subjects) own.push(await embed(template));
  const probes: Probe[] = [];
  for (const [
    i,
    {
      person,
      template,
      others: [second],
    },
  ] of subjects.entries()) {
    const face = toPlanar([cropView(template.image, encoder.view)]);
    const other = { goal: 'impersonate' as const, embedding: own[(i + 1) % own.length] as Float32Array };
    const references = second ? [{ goal: 'dodge' as const, embedding: await embed(second) }, other] : [other];
    probes.push({ person, face, references });
  }
  return probes;
}

async function attackCertificates(
  probes: readonly Probe[],
  comparisons: readonly CertifiedComparison[],
  threshold: Threshold,
  options: SmoothingMeasurementOptions,
  random: Random,
): Promise<CertificateAttack[]> {
  const gradient = await viewGradient(options.encoder, options);
  try {
    const attacks: CertificateAttack[] = [];
    for (const goal of ['dodge', 'impersonate'] as const) {
      const chosen = comparisons
        .filter((comparison) => comparison.goal === goal && comparison.right && comparison.radius)
        .slice(0, options.attacked);
      if (chosen.length === 0) continue;
      const fooled: Fooled[] = [];
      for (const [i, comparison] of chosen.entries()) {
        throwIfAborted(options);
        const probe = probes.find(({ person }) => person === comparison.person) as Probe;
        fooled.push(await attackOne(probe, comparison, gradient, threshold, options, random.fork(`${goal} ${i}`)));
        options.onProgress?.({ stage: `attacking certificates, ${goal}`, done: i + 1, total: chosen.length });
      }
      const shareOf = (key: keyof Fooled): Rate => wilson(fooled.filter((one) => one[key]).length, fooled.length);
      attacks.push({
        goal,
        trials: fooled.length,
        overturned: shareOf('overturned'),
        outvoted: shareOf('outvoted'),
        bareFooled: shareOf('bareFooled'),
      });
    }
    return attacks;
  } finally {
    await gradient.close();
  }
}

interface Fooled {
  readonly overturned: boolean;
  readonly outvoted: boolean;
  readonly bareFooled: boolean;
}

/** PGD in the l2 ball of the certified radius, along the mean gradient over noise (EOT); judged on noise that neither the certificate nor the attack has seen. */
async function attackOne(
  { face, references }: Probe,
  { goal, radius = 0 }: CertifiedComparison,
  gradient: SimilarityGradient,
  threshold: Threshold,
  options: SmoothingMeasurementOptions,
  random: Random,
): Promise<Fooled> {
  const pgd = EVASION_ATTACKS.find(({ name }) => name === 'PGD');
  const reference = references.find((one) => one.goal === goal)?.embedding;
  if (!pgd?.perturb || !reference) throw new CapabilityError('PGD takes a budget and a reference');
  // The attacks count l2 as root mean square.
  const epsilon = radius / Math.sqrt(face.length);
  const [perturbed] = await pgd.perturb(
    { goal, faces: [face], references: [[reference]] },
    [epsilon],
    { gradient: underNoise(gradient, options.sigma, random.fork('attack')) },
    { ...jobOf(options), norm: 'l2', random: random.fork('start') },
  );
  if (!perturbed) throw new CapabilityError('PGD gave no face');
  const looks = await looksAt(perturbed, options, random.fork('judge'));
  const after = decideSmoothed(looks, reference, threshold, options);
  const similarity = similarityMatrix(looks, [reference]).map(([one]) => one as number);
  const wanted = goal === 'dodge';
  const against = similarity.filter((one) => one >= threshold.similarity !== wanted).length;
  const [bare] = await gradient.see([perturbed], [[reference]]);
  return {
    overturned: after.same !== undefined && after.same !== wanted,
    outvoted: 2 * against > looks.length,
    bareFooled: (bare?.similarities[0] ?? 0) >= threshold.similarity !== wanted,
  };
}

/** The gradient with respect to the encoder's own view: there the noise is, and there the radius counts. */
async function viewGradient(encoder: Encoder, options: SessionOptions): Promise<SimilarityGradient> {
  const { widthPx, heightPx } = encoder.view;
  if (!encoder.graph || widthPx !== heightPx) {
    throw new CapabilityError(`certificates of "${encoder.id}" cannot be attacked by gradient`, {
      hint: 'it takes an encoder of square faces whose weights are at hand; leave the attack out with --attacked 0',
    });
  }
  const whole = { ...encoder.view, box: CANONICAL_VIEW.box };
  const { id, graph, embeddingSize } = encoder;
  return openSimilarityGradient([{ id, graph, embeddingSize, view: whole }], {
    ...options,
    sizePx: widthPx,
    batchSize: DRAWS,
  });
}

/** The mean over {@link DRAWS} draws of noise (Salman et al. 2019); a face at a time. */
function underNoise(gradient: SimilarityGradient, sigma: number, random: Random): SimilarityGradient {
  return {
    sizePx: gradient.sizePx,
    get queries() {
      return gradient.queries;
    },
    async see(faces, references) {
      const seen: SeenFace[] = [];
      for (const [i, face] of faces.entries()) {
        const noisy = Array.from({ length: DRAWS }, () => {
          const noise = random.normals(face.length, sigma);
          return noise.map((value, k) => value + (face[k] as number));
        });
        const reference = references[i] as readonly Float32Array[];
        const draws = await gradient.see(
          noisy,
          noisy.map(() => reference),
        );
        const mean = new Float32Array(face.length);
        for (const draw of draws)
          for (let k = 0; k < mean.length; k++) mean[k] = (mean[k] as number) + (draw.gradient[k] as number) / DRAWS;
        const similarities = [draws.reduce((sum, draw) => sum + (draw.similarities[0] as number) / DRAWS, 0)];
        seen.push({ gradient: mean, similarities });
      }
      return seen;
    },
    close: () => gradient.close(),
  };
}
