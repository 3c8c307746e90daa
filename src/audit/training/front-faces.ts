import { openRowFunction } from '../../attack/inference/attribute/row-function.ts';
import type { MaskedShape } from '../../attack/masked-shape.ts';
import { BLOCK_PX } from '../../defence/training/masking/block-dct.ts';
import { applyFront, type FrontSettings } from '../../defence/training/masking/front.ts';
import { cropView } from '../../encoder/canonical-face.ts';
import type { Encoder, EncoderView } from '../../encoder/encoder.ts';
import { GraphBuilder, type Value } from '../../graph/builder.ts';
import { withFreeBatch } from '../../graph/graph.ts';
import { flatten } from '../../graph/ops/shape.ts';
import { toPlanar } from '../../image/tensor.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { JobOptions } from '../../util/progress.ts';
import type { AuditFace } from '../subjects.ts';
import { sessionOf, type TrainingContext } from './context.ts';
import type { TrainingPerson } from './people.ts';

/** What measurements behind a front need of an audit. */
export type FrontContext = JobOptions &
  SessionOptions &
  Pick<TrainingContext, 'model' | 'people' | 'strangers' | 'students' | 'recoverySteps' | 'seed' | 'random' | 'store'>;

/** Photos of one training person on whom is tried what was learnt of public people, at most, and people. */
const TRIED = { photos: 4, people: 100 } as const;

/** Pairs of a face before and behind the front, and people behind them, of fewer than which nothing can be learnt. */
export const FEWEST_PAIRS = { pairs: 10, people: 4 } as const;

/** Training photos behind whose front faces are looked for. */
export const triedFaces = (people: readonly TrainingPerson[]): AuditFace[] =>
  people.slice(0, TRIED.people).flatMap(({ faces }) => faces.slice(0, TRIED.photos));

/** Channels, rows and columns of what a front lets through. */
export const shapeBehind = ({ channels, sizePx }: FrontSettings): MaskedShape => [
  channels.length,
  sizePx / BLOCK_PX,
  sizePx / BLOCK_PX,
];

/** What of a face a front takes. */
export const viewBefore = ({ view }: Encoder, { sizePx }: FrontSettings): EncoderView => ({
  ...view,
  widthPx: sizePx,
  heightPx: sizePx,
});

/** What a front lets through of each face: what leaves a device at recognition. */
export async function behindFront(
  faces: readonly AuditFace[],
  front: FrontSettings,
  { model, ...session }: SessionOptions & Pick<FrontContext, 'model'>,
): Promise<Float32Array[]> {
  const view = viewBefore(model, front);
  const rows = faces.map(({ image }) => toPlanar([cropView(image, view)]));
  return throughGraph(rows, [3, front.sizePx, front.sizePx], (face) => applyFront(face, front), session);
}

/**
 * What an operation on batches makes of each row.
 *
 * @param shape - of a row.
 * @param operation - [N,...shape] -> [N,...].
 */
export async function throughGraph(
  rows: readonly Float32Array[],
  shape: readonly number[],
  operation: (batch: Value) => Value,
  session: SessionOptions,
): Promise<Float32Array[]> {
  const builder = new GraphBuilder('rows');
  builder.output('made', flatten(operation(builder.input('row', [1, ...shape]))));
  const opened = await openRowFunction(withFreeBatch(builder.build()), sessionOf(session));
  try {
    return await opened.apply(rows);
  } finally {
    await opened.close();
  }
}
