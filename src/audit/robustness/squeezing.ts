import type { EvasionAttack } from '../../attack/evasion/attack.ts';
import { reaches } from '../../attack/evasion/goal.ts';
import {
  alarmAtRate,
  detectAdversarial,
  type SqueezingAlarm,
  squeezingDistances,
} from '../../defence/input/feature-squeezing.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { openSimilarityGradient } from '../../encoder/similarity-gradient.ts';
import type { Image } from '../../image/image.ts';
import { type Rate, wilson } from '../../metric/intervals.ts';
import { compareAll } from '../../metric/score-set.ts';
import { cosineSimilarityOr } from '../../metric/similarity.ts';
import { type Threshold, thresholdAtFmr } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { type JobOptions, throwIfAborted } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import type { AuditFace, Subject } from '../subjects.ts';
import { pictureOf } from './adversarial-faces.ts';
import { choosePairs, type EvasionPair, GOALS, PERTURBED_PX, planarProbes } from './pairs.ts';

/** Faces in one question to the encoder. */
const BATCH_SIZE = 32;

/** How {@link measureSqueezing} measures. */
export interface SqueezingMeasurementOptions extends JobOptions, SessionOptions {
  readonly encoder: Encoder;
  readonly subjects: readonly Subject[];
  /** One face a person, of people disjoint from the subjects: they fix the alarm, and the threshold of recognition. */
  readonly calibration: { readonly name: string; readonly faces: readonly AuditFace[] };
  readonly falseAlarmRate: number;
  readonly fmr: number;
  readonly attacks: readonly EvasionAttack[];
  /** Largest changes of a value, 0..1. */
  readonly epsilons: readonly number[];
  readonly seed: number;
}

/** How many faces perturbed by one attack raise an alarm. */
export interface Detection {
  readonly attack: string;
  readonly goal: EvasionPair['goal'];
  readonly epsilon: number;
  readonly detected: Rate;
  /** Of those alone that fool the encoder; undefined where none does. */
  readonly detectedOfSuccessful: Rate | undefined;
}

/** Feature squeezing in front of one encoder. */
export interface SqueezingMeasurements {
  readonly alarm: SqueezingAlarm;
  readonly threshold: Threshold;
  /** On the subjects' clean faces: people that the alarm was not fixed on. */
  readonly falseAlarms: Rate;
  readonly detections: readonly Detection[];
}

/**
 * Measures the detection of adversarial faces by feature squeezing: an alarm at a false alarm rate fixed on some people, and false alarms and detections on others. The attacks do not know
 * of the detector; whoever does can include it in his loss (He et al. 2017), so that a high rate here is no proof of safety.
 *
 * @throws InputError where the calibration faces do not suffice for a rate; CapabilityError where the encoder's gradient is not at hand.
 */
export async function measureSqueezing(options: SqueezingMeasurementOptions): Promise<SqueezingMeasurements> {
  const { encoder, calibration, subjects, attacks, epsilons } = options;
  const clean = calibration.faces.map(({ image }) => cropView(image, encoder.view));
  const distances: number[] = [];
  const embeddings: Float32Array[] = [];
  for (let first = 0; first < clean.length; first += BATCH_SIZE) {
    throwIfAborted(options);
    const part = clean.slice(first, first + BATCH_SIZE);
    distances.push(...(await squeezingDistances(encoder, part)));
    embeddings.push(...(await encoder.embed(part)));
    options.onProgress?.({ stage: 'squeezing clean faces', done: distances.length, total: clean.length });
  }
  const alarm = alarmAtRate(distances, options.falseAlarmRate);
  const people = calibration.faces.map(({ person }) => person);
  const origin = { dataset: calibration.name, encoder: encoder.id };
  const threshold = thresholdAtFmr(compareAll(embeddings, people).impostors, options.fmr, origin);
  const own = subjects.map(({ template }) => cropView(template.image, encoder.view));
  const falseAlarms = rateOf((await detectAdversarial(encoder, own, alarm)).map((verdict) => verdict.alarm));

  const gradient = await openSimilarityGradient([encoder], { ...options, sizePx: PERTURBED_PX });
  try {
    const pairs = choosePairs(subjects);
    const detections: Detection[] = [];
    const settings = GOALS.flatMap((goal) =>
      attacks.flatMap((attack) => epsilons.map((epsilon) => ({ goal, attack, epsilon }))),
    );
    for (const [i, { goal, attack, epsilon }] of settings.entries()) {
      const own = pairs[goal];
      if (!attack.perturb || own.length === 0) continue;
      const references = await encoder.embed(own.map(({ reference }) => cropView(reference.image, encoder.view)));
      const perturbed = await attack.perturb(
        { goal, faces: planarProbes(own), references: references.map((reference) => [reference]) },
        own.map(() => epsilon),
        { gradient },
        {
          ...(options.signal ? { signal: options.signal } : {}),
          norm: 'linf',
          random: new Random(options.seed).fork(`${attack.name} ${goal} ${epsilon}`),
        },
      );
      // 8-bit, as whoever hands them in has to have them.
      const seen = perturbed.map((face) => cropView(pictureOf(face)[0] as Image, encoder.view));
      const alarms = (await detectAdversarial(encoder, seen, alarm)).map((verdict) => verdict.alarm);
      const reachedBy = async (crops: readonly Image[]): Promise<boolean[]> =>
        (await encoder.embed(crops)).map((embedding, k) =>
          reaches(goal, cosineSimilarityOr(-1, embedding, references[k] as Float32Array), threshold),
        );
      // Who is not recognised, or mistaken, without any attack was not fooled by one.
      const wrong = await reachedBy(own.map(({ probe }) => cropView(probe, encoder.view)));
      const fooled = (await reachedBy(seen)).map((reached, k) => reached && !wrong[k]);
      const ofFooled = alarms.filter((_, k) => fooled[k]);
      detections.push({
        attack: attack.name,
        goal,
        epsilon,
        detected: rateOf(alarms),
        detectedOfSuccessful: ofFooled.length > 0 ? rateOf(ofFooled) : undefined,
      });
      options.onProgress?.({ stage: 'squeezing perturbed faces', done: i + 1, total: settings.length });
    }
    return { alarm, threshold, falseAlarms, detections };
  } finally {
    await gradient.close();
  }
}

const rateOf = (alarms: readonly boolean[]): Rate => wilson(alarms.filter(Boolean).length, alarms.length);
