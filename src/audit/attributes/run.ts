import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import type { FaceSample } from '../../data/sample.ts';
import type { Split } from '../../data/splits.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { FacePipeline } from '../../face/pipeline.ts';
import type { Threshold } from '../../metric/threshold.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { InputError } from '../../util/errors.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import type { Cost, Leakage, Quality, Rate, Recognition, SelfTest } from '../findings.ts';
import { VERDICT_FMR } from '../verdict.ts';
import type { AuditStore } from '../work-folder.ts';
import { type AttributeDecision, decideAttributes } from './decide.ts';
import { type AttributeFace, type ReadFacesOptions, readAttributeFaces } from './faces.ts';
import type { Attributes } from './leakage.ts';
import { originalLeakage } from './original-leakage.ts';
import { measureProjections } from './projection.ts';
import { type ProtectedPhotos, readProtected } from './protected-photos.ts';
import { adaptiveLeakage, foundRates, protectedQuality, protectedRecognition } from './protection.ts';
import { fits, PORTRAITS, templatesOf } from './reading.ts';
import { calibrationThreshold, recognitionRows, templates } from './recognition.ts';
import { nothingChanges, selfTests } from './self-tests.ts';
import type { Sides } from './sides.ts';

/** What is audited, and how. */
export interface AttributeAuditOptions extends JobOptions, SessionOptions {
  /** The audited encoder, and others whose templates are read beside it. */
  readonly encoders: readonly [Encoder, ...Encoder[]];
  readonly samples: Readonly<Record<Split, readonly FaceSample[]>>;
  /** Name of the data set. */
  readonly dataset: string;
  /** Where the protected photo of a sample lies, where protected photos are to be judged; undefined for a photo that has none. */
  readonly protectedPathOf?: (sample: FaceSample) => string | undefined;
  readonly attributes: Attributes;
  readonly attacks: readonly AttributeAttack[];
  readonly openPipeline: () => Promise<FacePipeline>;
  /** Thresholds that are shipped for an encoder; used where the calibration people do not suffice. */
  readonly shippedThresholds: (encoder: Encoder) => Promise<readonly Threshold[] | undefined>;
  readonly seed: number;
  readonly store: AuditStore;
  readonly onRejected?: (sample: FaceSample, reason: string) => void;
}

/** What an audit of attributes measured. */
export interface AttributeMeasurements {
  readonly decision: AttributeDecision;
  readonly leakage: Leakage[];
  readonly recognition: Recognition[];
  readonly rates: Rate[];
  readonly costs: Cost[];
  readonly quality: Quality[];
  readonly selfTests: SelfTest[];
  readonly thresholds: readonly Threshold[];
  readonly sides: Sides;
  /** Undefined where none were given. */
  readonly protectedPhotos: ProtectedPhotos | undefined;
  /** Photos that were left out: unreadable, or without a face. */
  readonly rejected: number;
}

/** Test photos that are read again, as a protection that does nothing. */
const COPIES = 96;

/**
 * Audits what templates and photos give away of attributes, what taking an attribute out of templates is worth, and, where protected photos are given, what these change; beside planted
 * attributes, shuffled labels and protections whose effect is known.
 *
 * @throws InputError where a side has no face, an encoder has no threshold to judge protected photos at, or no protected photo is found.
 */
export async function runAttributeAudit(options: AttributeAuditOptions): Promise<AttributeMeasurements> {
  const { encoders, samples, seed, attributes } = options;
  const random = new Random(seed);
  const { sides, copies, rejected } = await readSides(options);
  const thresholds = await thresholdsOf(sides, options);
  const protectedFaces =
    options.protectedPathOf && (await readProtected(samples, sides, options, options.protectedPathOf));
  const sources = [...encoders.map(({ id }, k) => templatesOf(id, k)), PORTRAITS];

  const leakage: Leakage[] = [];
  const copied: Record<'before' | 'after', Leakage[]> = { before: [], after: [] };
  for (const source of sources) {
    for (const attack of options.attacks.filter((one) => fits(one, source))) {
      const read = await originalLeakage(attack, source, { sides, copies, protectedFaces }, { ...options, random });
      leakage.push(...read.leakage);
      copied.before.push(...read.copied.before);
      copied.after.push(...read.copied.after);
      if (protectedFaces)
        leakage.push(...(await adaptiveLeakage(attack, source, protectedFaces, { ...options, random })));
    }
  }
  const recognition: Recognition[] = [];
  const costs: Cost[] = [];
  for (const [index, { id }] of encoders.entries()) {
    const threshold = thresholds[index];
    const known = templates(sides.test, index);
    const origin = { target: id, comparison: 'original with original', transformation: null };
    recognition.push(...recognitionRows(known, known, { threshold, origin, parts: 'subgroups', random }));
    if (protectedFaces && threshold)
      recognition.push(...protectedRecognition({ id, index }, sides, protectedFaces, { threshold, random }));
    const projected = await measureProjections({ id, index }, sides, {
      ...options,
      asked: attributes.asked,
      attacks: options.attacks.filter(({ sees }) => sees === 'embedding'),
      random,
    });
    leakage.push(...projected.leakage);
    recognition.push(...projected.recognition);
    costs.push(...projected.costs);
  }
  const tests = [
    ...(await selfTests(sides, {
      ...options,
      sources: [templatesOf(encoders[0].id, 0), PORTRAITS],
      random,
    })),
    nothingChanges(copied.before, copied.after),
  ];
  return {
    decision: decideAttributes({
      target: encoders[0].id,
      asked: attributes.asked,
      leakage,
      recognition,
      selfTests: tests,
      isProtected: protectedFaces !== undefined,
      ...(protectedFaces ? { protectedShare: protectedFaces.train.length / sides.train.length } : {}),
    }),
    leakage,
    recognition,
    rates: protectedFaces ? foundRates(protectedFaces, random) : [],
    costs,
    quality: protectedFaces ? protectedQuality(sides.test, protectedFaces.test) : [],
    selfTests: tests,
    thresholds: thresholds.filter((threshold) => threshold !== undefined),
    sides,
    protectedPhotos: protectedFaces,
    rejected,
  };
}

async function readSides(
  options: AttributeAuditOptions,
): Promise<{ readonly sides: Sides; readonly copies: readonly AttributeFace[]; readonly rejected: number }> {
  const { samples } = options;
  const read = async (side: Split, more: Partial<ReadFacesOptions> = {}) =>
    readAttributeFaces(samples[side], { ...options, stage: `reading photos of ${side} people`, ...more });
  const train = await read('train');
  const calibration = await read('calibration');
  const test = await read('test');
  for (const [side, { faces }] of Object.entries({ train, calibration, test })) {
    if (faces.length > 0) continue;
    throw new InputError(`no photo of ${side} people could be read with a face in it`, {
      hint: 'look at what was left out and why; give more people with --people, or other photos',
    });
  }
  const again = await readAttributeFaces(samples.test.slice(0, COPIES), {
    ...options,
    stage: 'reading test photos again',
    originals: new Map(test.faces.map((face) => [face.id, face])),
    // What is left out was named the first time.
    onRejected: () => {},
  });
  return {
    sides: { train: train.faces, calibration: calibration.faces, test: test.faces },
    copies: again.faces,
    rejected: train.rejected.length + calibration.rejected.length + test.rejected.length,
  };
}

/** Of each encoder the threshold at the verdict's FMR; undefined where there is none, and none is needed. */
async function thresholdsOf(
  sides: Sides,
  { encoders, dataset, shippedThresholds, protectedPathOf }: AttributeAuditOptions,
): Promise<(Threshold | undefined)[]> {
  return Promise.all(
    encoders.map(async (encoder, index) => {
      const origin = { dataset: `${dataset}, calibration people`, encoder: encoder.id };
      const threshold =
        calibrationThreshold(templates(sides.calibration, index), origin) ??
        (await shippedThresholds(encoder))?.find(({ fmr }) => fmr === VERDICT_FMR);
      if (threshold || !protectedPathOf) return threshold;
      throw new InputError(
        `there is no threshold for "${encoder.id}": too few calibration people, and none is shipped`,
        {
          hint: 'give a data set with about 1,000 people or more, or make thresholds with `faceward calibrate`',
        },
      );
    }),
  );
}
