import { applyFront, type FrontSettings, fitFront } from '../src/defence/training/masking/front.ts';
import { parseMasking } from '../src/defence/training/masking/kinds.ts';
import { drawMaskedBatch, type MaskedPerson, maskedBatchShape } from '../src/defence/training/masking/masked-batch.ts';
import { maskedProblem } from '../src/defence/training/masking/masked-problem.ts';
import { maskedProblemOf } from '../src/defence/training/masking/masked-training.ts';
import { mixRows } from '../src/defence/training/masking/mix.ts';
import { STRATEGY_DEFAULTS } from '../src/defence/training/masking/strategy.ts';
import { GraphBuilder, type Value } from '../src/graph/builder.ts';
import { scalar, type Tensor } from '../src/graph/tensor.ts';
import type { Image } from '../src/image/image.ts';
import { buildTrainingGraph } from '../src/nn/training.ts';
import { createSession, type Session, type Tensors } from '../src/runtime/session.ts';
import { Random } from '../src/util/random.ts';
import { now, THREADS } from './clock.ts';
import { median, type Row } from './row.ts';

const SIZE = 112;
const BATCH = 32;

/** About as many as LFW's training side has with two photos or more. */
const PEOPLE = 1200;

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const WARM_UPS = 1;

/** What is timed: the session of one turn, and what it is fed. */
interface Step {
  readonly session: Session;
  readonly feeds: Tensors;
}

/**
 * Training on masked faces at 112 px, batch 32: milliseconds of a step for two widths; the share of it that block DCT and mixing take, their draws included; and how much longer alternating
 * training takes for each step of the recogniser. Steps of all kinds take turns, so that a busy machine slows them alike.
 */
export async function run(): Promise<Row[]> {
  const people = somePeople();
  const faces = people.slice(0, 8).flatMap((person) => person.faces);
  const front = await fitFront(faces, { kind: 'frequency', sizePx: SIZE, seed: 1, threads: THREADS });
  const rows: Row[] = [];
  for (const width of [0.5, 1]) rows.push(...(await rowsOfWidth(people, front, width)));
  return rows;
}

async function rowsOfWidth(people: readonly MaskedPerson[], front: FrontSettings, width: number): Promise<Row[]> {
  const plain = await openStep(people, front, width, 'frequency', '');
  const fixed = await openStep(people, front, width, 'fixed:4', '');
  const recogniser = await openStep(people, front, width, 'adaptive', 'recogniser');
  const strategy = await openStep(people, front, width, 'adaptive', 'strategy');
  const masking = await openMasking(people, front, width);
  const steps = { plain, fixed, recogniser, strategy, masking };
  const times: Record<keyof typeof steps, number[]> = {
    plain: [],
    fixed: [],
    recogniser: [],
    strategy: [],
    masking: [],
  };
  for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
    for (const name of ['plain', 'fixed', 'recogniser', 'strategy', 'masking'] as const) {
      const started = now();
      await steps[name].session.run(steps[name].feeds);
      if (round >= WARM_UPS) times[name].push(1000 * (now() - started));
    }
  }
  for (const { session } of Object.values(steps)) await session.release();
  const draws = Array.from({ length: ROUNDS }, (_, i) => {
    const started = now();
    drawWithoutFaces(people, front, width, i);
    return 1000 * (now() - started);
  });
  const of = (name: keyof typeof steps): number => median(times[name]);
  const row = (name: string, unit: string, ours: number): Row => ({
    name: `recogniser at width ${width}: ${name}`,
    unit,
    ours,
    peer: null,
    ratio: null,
    runs: ROUNDS,
  });
  return [
    row('a step on faces behind the frequency front, not mixed', 'ms', of('plain')),
    row('a step on mixes of 4', 'ms', of('fixed')),
    row('the recogniser’s turn, adaptive', 'ms', of('recogniser')),
    row('the strategy network’s turn, adaptive', 'ms', of('strategy')),
    row(
      'block DCT, draws and mixing of 4, share of a step',
      '%',
      (100 * (of('masking') + median(draws))) / of('fixed'),
    ),
    row(
      'adaptive, both turns, beside a step that is not mixed',
      'times',
      (of('recogniser') + of('strategy')) / of('plain'),
    ),
  ];
}

const problemOf = (front: FrontSettings, width: number, masking: string) =>
  maskedProblemOf(PEOPLE, front, {
    masking: parseMasking(masking),
    form: { sizePx: SIZE, width, embeddingSize: 128, norm: 'batch' },
    frequencies: front.channels.length,
    steps: 1,
    batchSize: BATCH,
    learningRate: 1e-3,
    scale: 32,
    margin: 0.3,
    augmentations: [],
    strategy: STRATEGY_DEFAULTS,
    seed: 1,
  });

async function openStep(
  people: readonly MaskedPerson[],
  front: FrontSettings,
  width: number,
  masking: string,
  turn: string,
): Promise<Step> {
  const options = problemOf(front, width, masking);
  const problem = maskedProblem(options);
  const { graph, initial } = buildTrainingGraph(problem, turn);
  const scalars = Object.entries(problem.optimiser.scalars(1, 1e-3)).map(
    ([name, value]) => [name, scalar(value)] as const,
  );
  const all: Record<string, Tensor> = {
    ...drawMaskedBatch(people, 0, options.batch).feeds,
    ...Object.fromEntries(initial),
    ...Object.fromEntries(scalars),
  };
  const feeds = Object.fromEntries(graph.inputs.flatMap(({ name }) => (all[name] ? [[name, all[name]]] : [])));
  return { session: await createSession(graph, { threads: THREADS }), feeds };
}

/** The front and a mix of four, alone. */
async function openMasking(people: readonly MaskedPerson[], front: FrontSettings, width: number): Promise<Step> {
  const { batch } = problemOf(front, width, 'fixed:4');
  const builder = new GraphBuilder('masking');
  const inputs: Record<string, Value> = {};
  for (const name of ['face', 'parts', 'partners']) {
    const shape = maskedBatchShape(batch)[name]?.shape;
    if (shape) inputs[name] = builder.input(name, shape);
  }
  const { face, parts, partners } = inputs as Readonly<Record<'face' | 'parts' | 'partners', Value>>;
  builder.output('mixed', mixRows(applyFront(face, front), parts, partners));
  const drawn = drawMaskedBatch(people, 0, batch).feeds;
  const feeds = Object.fromEntries(Object.keys(inputs).flatMap((name) => (drawn[name] ? [[name, drawn[name]]] : [])));
  return { session: await createSession(builder.build(), { threads: THREADS }), feeds };
}

/** All that a batch of mixes draws but the faces themselves, which any training reads: faces of 16 px stand for them. */
function drawWithoutFaces(people: readonly MaskedPerson[], front: FrontSettings, width: number, step: number): void {
  const { batch } = problemOf(front, width, 'fixed:4');
  const tiny = people.map((person) => ({ ...person, faces: [TINY] }));
  drawMaskedBatch(tiny, step, { ...batch, sizePx: TINY.widthPx });
}

const TINY: Image = { widthPx: 16, heightPx: 16, data: new Uint8Array(3 * 16 ** 2) };

function somePeople(): MaskedPerson[] {
  const faces = Array.from({ length: 8 }, (_, i): Image => {
    const random = new Random(i);
    return {
      widthPx: SIZE,
      heightPx: SIZE,
      data: Uint8Array.from({ length: 3 * SIZE ** 2 }, () => random.integer(256)),
    };
  });
  return Array.from({ length: PEOPLE }, (_, i) => ({
    person: `person ${i}`,
    faces: [faces[i % faces.length] as Image],
    ids: [`person ${i}/1`],
  }));
}
