import { type Adapter, fitAdapter } from '../../attack/inversion/adapter.ts';
import { type InversionResources, whiteBoxTarget } from '../../attack/inversion/attack.ts';
import { probeEncoder } from '../../attack/inversion/generator-adapter.ts';
import { type InverterModel, openInverter } from '../../attack/inversion/inverter-file.ts';
import type { Generator } from '../../attack/inversion/latent-optimisation.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import { Random } from '../../util/random.ts';
import { createJudge, type Judge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';

/** Models that the attacker brings. */
export interface AttackModels {
  readonly inverters: readonly InverterModel[];
  readonly generator?: Generator;
  /** Opens the encoder of an inverter, so that an adapter to it can be learnt; undefined where it cannot be had. */
  readonly openHub?: (model: InverterModel) => Promise<Encoder | undefined>;
}

/** An encoder with an inverter of its own, which others reach through an adapter: embeddings of the same faces on both sides. */
export interface Hub {
  readonly model: InverterModel;
  /** Of the encoder under attack. */
  readonly from: readonly Float32Array[];
  /** Of the hub. */
  readonly to: readonly Float32Array[];
  /** Learnt from all of them. */
  readonly adapter: Adapter;
}

/** What the attacks of an audit have, and what it took to get it. */
export interface AttackSide {
  readonly resources: InversionResources;
  readonly hub: Hub | undefined;
  /** Pairs behind the inverter; 0 where it is the encoder's own, or there is none. */
  readonly adapterPairs: number;
  close(): Promise<void>;
}

/**
 * Gathers what the attacks may use: the generator and the encoder's answers to its faces, the weights where the access allows them, and an inverter: the
 * encoder's own, else one of another encoder behind an adapter.
 *
 * @param auxiliary - faces of the people whom the attacker knows.
 */
export async function attackSide(
  self: Judge,
  models: AttackModels,
  auxiliary: readonly AuditFace[],
  options: JobOptions &
    SessionOptions & {
      readonly access: 'white-box' | 'black-box' | 'both';
      readonly queries: number;
      readonly seed: number;
    },
): Promise<AttackSide> {
  const { encoder } = self;
  const { generator } = models;
  const random = new Random(options.seed).fork('probes');
  const target = options.access === 'black-box' ? undefined : whiteBoxTarget(encoder);
  const base: InversionResources = {
    ...(generator ? { generator } : {}),
    // Who has the weights can ask as well: white-box attacks select their starts from the answers.
    ...(generator ? { probes: await probeEncoder(generator, encoder, { ...options, random }) } : {}),
    ...(target ? { target } : {}),
  };
  const hub = await nearestHub(self, auxiliary, models, options);
  const own = models.inverters.find(({ encoderHash }) => encoderHash === encoder.hash);
  const inverter = own
    ? await openInverter(own, options)
    : hub && (await openInverter(hub.model, { ...options, adapter: hub.adapter }));
  return {
    resources: inverter ? { ...base, inverter } : base,
    hub,
    adapterPairs: own || !hub ? 0 : hub.adapter.pairs,
    close: async () => inverter?.close(),
  };
}

/** Fewer faces than this make no adapter worth attacking with. */
const FEWEST_PAIRS = 30;

/** Of the other encoders that have an inverter, the one to which held-out faces are mapped best. */
async function nearestHub(
  self: Judge,
  auxiliary: readonly AuditFace[],
  models: AttackModels,
  job: JobOptions,
): Promise<Hub | undefined> {
  if (auxiliary.length < FEWEST_PAIRS) return undefined;
  let nearest: Hub | undefined;
  for (const model of models.inverters) {
    if (model.encoderHash === self.encoder.hash) continue;
    const encoder = await models.openHub?.(model);
    if (!encoder) continue;
    try {
      const [from, to] = [await self.embed(auxiliary, job), await createJudge(encoder).embed(auxiliary, job)];
      const adapter = fitAdapter(from, to);
      if (!nearest || adapter.heldOutSimilarity > nearest.adapter.heldOutSimilarity)
        nearest = { model, from, to, adapter };
    } finally {
      await encoder.close();
    }
  }
  return nearest;
}
