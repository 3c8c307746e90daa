import type { Value } from '../../../graph/builder.ts';
import { add, mul } from '../../../graph/ops/arithmetic.ts';
import { slice } from '../../../graph/ops/indexing.ts';
import { matMul } from '../../../graph/ops/matrix.ts';
import { reshape } from '../../../graph/ops/shape.ts';
import { float32 } from '../../../graph/tensor.ts';
import { type Parameters, scope } from '../../../nn/parameters.ts';
import { learntDeviations } from './channel-noise.ts';
import { applyFront, type FrontSettings } from './front.ts';
import { type Masking, mostMixed } from './kinds.ts';
import { mixRows } from './mix.ts';
import { channelSet, drawActions, type MixAction, ofChosen, strategy } from './strategy.ts';

/** What a graph is fed, by the names of {@link ./masked-batch.ts}. */
export type Batch = Readonly<Record<string, Value>>;

/** What decides how the faces of a batch are masked and mixed. */
export interface MixedFacesOptions {
  readonly front: FrontSettings;
  readonly batch: { readonly masking: Masking; readonly actions: readonly MixAction[] };
}

/** The faces of a batch as a training sees them. */
export interface MixedFaces {
  /** Each face behind the front, with its noise and drawn channels, not mixed [B,C,h,w]. */
  readonly alone: Value;
  /** The mixes of the first rows [N,C,h,w]. */
  readonly mixed: Value;
  /** [N,slots], rows of sum 1. */
  readonly parts: Value;
  /** [N,slots,B]. */
  readonly partners: Value;
  /** What the strategy network chose; undefined where there is none. */
  readonly policy: MixChoice | undefined;
}

/** What the strategy network chose for each of N faces. */
export interface MixChoice {
  readonly logProbabilities: Value;
  /** One-hot [N,A]. */
  readonly chosen: Value;
  readonly parts: Value;
  /** Faces in each mix [N], and its logarithm. */
  readonly count: Value;
  readonly logCount: Value;
  /** Channels that are kept [N,C,1,1]; undefined where there is nothing to choose of them. */
  readonly kept: Value | undefined;
}

/**
 * Masks the faces of a batch, and mixes the first `rows` of them, each with its partners, which may be any of the batch. Weights are read under `strategy.` where there is something to choose, and
 * under `noise.` where the noise was learnt.
 */
export function mixedFaces(p: Parameters, batch: Batch, options: MixedFacesOptions, rows: number): MixedFaces {
  const { masking, actions } = options.batch;
  const alone = maskAlone(p, batch, options);
  const first = (name: string): Value => firstRows(batch[name] as Value, rows);
  const policy =
    actions.length > 0
      ? choose(p, firstRows(alone, rows), { parts: first('parts'), gumbel: first('gumbel') }, actions)
      : undefined;
  const partners = first('partners');
  const parts = policy?.parts ?? first('parts');
  const mixed = mostMixed(masking) === 1 ? firstRows(alone, rows) : mixRows(alone, parts, partners);
  const seen = policy?.kept ? mul(mixed, policy.kept) : mixed;
  return { alone, mixed: masking.signs ? mul(seen, first('signs')) : seen, parts, partners, policy };
}

const firstRows = (x: Value, rows: number): Value =>
  x.shape[0] === rows ? x : slice(x, { starts: [0], ends: [rows], axes: [0] });

/** Each face behind the front, with its noise, and with the channels that are kept of it. */
function maskAlone(p: Parameters, batch: Batch, { front, batch: { masking } }: MixedFacesOptions): Value {
  const face = batch.face as Value;
  const { noise } = masking;
  if (noise?.on === 'pixels') return applyFront(add(face, mul(batch.noise as Value, noise.deviation)), front);
  const plain = applyFront(face, front);
  if (noise) return add(plain, mul(batch.noise as Value, learntDeviations(p, front.channels.length, noise.deviation)));
  return batch.kept ? mul(plain, batch.kept) : plain;
}

function choose(
  p: Parameters,
  masked: Value,
  drawn: { readonly parts: Value; readonly gumbel: Value },
  actions: readonly MixAction[],
): MixChoice {
  const { builder } = masked;
  const [rows, channels] = masked.shape as [number, number];
  const logProbabilities = strategy(scope(p, 'strategy'), masked, actions.length);
  const chosen = drawActions(logProbabilities, drawn.gumbel);
  const column = (values: readonly number[], name: string): Value =>
    reshape(matMul(chosen, builder.constant(float32(values, [values.length, 1]), name)), [rows]);
  const sets = actions.flatMap((action) => channelSet(action.channels, channels));
  const table = builder.constant(float32(sets, [actions.length, channels]), 'channel_sets');
  return {
    logProbabilities,
    chosen,
    parts: ofChosen(chosen, drawn.parts),
    count: column(
      actions.map(({ count }) => count),
      'counts',
    ),
    logCount: column(
      actions.map(({ count }) => Math.log(count)),
      'log_counts',
    ),
    kept: sets.includes(0) ? reshape(matMul(chosen, table), [rows, channels, 1, 1]) : undefined,
  };
}
