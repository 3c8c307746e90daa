import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import type { Graph } from '../../../graph/graph.ts';
import { dequantiseWeights } from '../../../graph/quantisation.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import type { Image } from '../../../image/image.ts';
import { toPlanar } from '../../../image/tensor.ts';
import { FrozenParameters, type Weights } from '../../../nn/parameters.ts';
import { weightsOf } from '../../../nn/weights.ts';
import { createSession, type Session, type SessionOptions, type Tensors } from '../../../runtime/session.ts';
import { ModelFileError, ShapeError } from '../../../util/errors.ts';
import type { KeyPoints } from './key-point-motion.ts';
import type { KeyPointValues } from './key-points.ts';
import { type FrameValues, featuresOf, frameOf, keyPointsOf } from './reenactor-network.ts';
import { type ReenactorShape, requireReenactorShape } from './reenactor-shape.ts';

const KIND = 'reenactor';

/** A reenactment network, ready to run. */
export interface Reenactor {
  readonly shape: ReenactorShape;
  /** Finds the key points of a picture of `shape.sizePx`. */
  keyPoints(picture: Image): Promise<KeyPoints>;
  /** Computes what all frames of a source have in common. */
  source(picture: Image): Promise<ReenactorSource>;
  close(): Promise<void>;
}

/** A source whose key points and features are known. */
export interface ReenactorSource {
  readonly keyPoints: KeyPoints;
  /** The frame in which the source's key points are these. */
  frame(driving: KeyPoints): Promise<ReenactedPicture>;
}

/** What the network makes of a frame. */
export interface ReenactedPicture {
  /** Planar [3,S,S], RGB, 0..1: the whole frame at the network's size. */
  readonly picture: Float32Array;
  /** Planar [3,S,S]: what was painted, also where the source is shown. */
  readonly painted: Float32Array;
  /** [2,M,M], x then y: where in the source each pixel lies, less its own place; 2 is the picture's width. */
  readonly displacements: Float32Array;
  /** [M,M]: the share of what was painted, 0..1. */
  readonly hidden: Float32Array;
}

/**
 * The trained network as a model, for any ONNX runtime: inputs `source` and `driving` [1,3,S,S] RGB 0..1; outputs `picture` [1,3,S,S] and the other parts of {@link ReenactedPicture}. Motion is
 * absolute. {@link openReenactor} takes its weights, and computes once what frames have in common.
 */
export function reenactorGraph(
  weights: Weights,
  model: { readonly shape: ReenactorShape; readonly metadata?: Readonly<Record<string, string>> },
): Graph {
  const { shape, metadata = {} } = model;
  const builder = new GraphBuilder('reenactor');
  const parameters = new FrozenParameters(builder, weights);
  const picture = pictureInput(builder, 'source', shape);
  const driving = pictureInput(builder, 'driving', shape);
  const source = {
    picture,
    keyPoints: keyPointsOf(parameters, picture, shape),
    features: featuresOf(parameters, picture, shape),
  };
  putOut(builder, frameOf(parameters, source, keyPointsOf(parameters, driving, shape), shape));
  builder.describe({
    kind: KIND,
    size: String(shape.sizePx),
    keyPoints: String(shape.keyPoints),
    shape: JSON.stringify(shape),
    ...metadata,
  });
  return builder.build();
}

/**
 * Opens what {@link reenactorGraph} made.
 *
 * @throws ModelFileError where the graph is none.
 */
export async function openReenactor(graph: Graph, options: SessionOptions = {}): Promise<Reenactor> {
  const shape = shapeOf(graph);
  const weights = weightsOf(dequantiseWeights(graph));
  const features = featureInput(shape);
  const sessions: Session[] = [];
  const open = async (name: string, build: (builder: GraphBuilder, p: FrozenParameters) => void): Promise<Session> => {
    const builder = new GraphBuilder(name);
    build(builder, new FrozenParameters(builder, weights));
    const session = await createSession(builder.build(), options);
    sessions.push(session);
    return session;
  };
  const points = await open('key points', (builder, p) => {
    const found = keyPointsOf(p, pictureInput(builder, 'picture', shape), shape);
    builder.output('points', found.points);
    builder.output('jacobians', found.jacobians);
  });
  const painter = await open('source features', (builder, p) => {
    builder.output('features', featuresOf(p, pictureInput(builder, 'picture', shape), shape));
  });
  const frames = await open('frame', (builder, p) => {
    const source = {
      picture: pictureInput(builder, 'source', shape),
      keyPoints: keyPointInputs(builder, 'source', shape),
      features: builder.input('features', features),
    };
    putOut(builder, frameOf(p, source, keyPointInputs(builder, 'driving', shape), shape));
  });
  const keyPoints = async (picture: Image): Promise<KeyPoints> => {
    const found = await points.run({ picture: pictureTensor(picture, shape) });
    return { points: numbersOf(found, 'points'), jacobians: numbersOf(found, 'jacobians') };
  };
  return {
    shape,
    keyPoints,
    async source(picture) {
      const own = await keyPoints(picture);
      const found = await painter.run({ picture: pictureTensor(picture, shape) });
      const always = {
        source: pictureTensor(picture, shape),
        features: float32(numbersOf(found, 'features'), features),
        ...keyPointTensors('source', own, shape),
      };
      return {
        keyPoints: own,
        async frame(driving) {
          const made = await frames.run({ ...always, ...keyPointTensors('driving', driving, shape) });
          return {
            picture: numbersOf(made, 'picture'),
            painted: numbersOf(made, 'painted'),
            displacements: numbersOf(made, 'displacements'),
            hidden: numbersOf(made, 'hidden'),
          };
        },
      };
    },
    async close() {
      for (const session of sessions) await session.release();
    },
  };
}

function shapeOf({ metadata, name }: Graph): ReenactorShape {
  if (metadata.kind !== KIND || metadata.shape === undefined) {
    throw new ModelFileError(`graph "${name}" is no reenactment network`, {
      hint: 'train one with `faceward train reenactor`',
    });
  }
  try {
    return requireReenactorShape(JSON.parse(metadata.shape));
  } catch (cause) {
    throw new ModelFileError(`graph "${name}" is a reenactment network of no form that is known`, { cause });
  }
}

function putOut(builder: GraphBuilder, { picture, painted, displacements, hidden }: FrameValues): void {
  builder.output('picture', picture);
  builder.output('painted', painted);
  builder.output('displacements', displacements);
  builder.output('hidden', hidden);
}

const pictureInput = (builder: GraphBuilder, name: string, { sizePx }: ReenactorShape): Value =>
  builder.input(name, [1, 3, sizePx, sizePx]);

const keyPointInputs = (builder: GraphBuilder, of: string, { keyPoints }: ReenactorShape): KeyPointValues => ({
  points: builder.input(`${of}_points`, [1, keyPoints, 2]),
  jacobians: builder.input(`${of}_jacobians`, [1, keyPoints, 2, 2]),
});

const keyPointTensors = (of: string, { points, jacobians }: KeyPoints, { keyPoints }: ReenactorShape): Tensors => ({
  [`${of}_points`]: float32(points, [1, keyPoints, 2]),
  [`${of}_jacobians`]: float32(jacobians, [1, keyPoints, 2, 2]),
});

function featureInput({ sizePx, painterWidths }: ReenactorShape): readonly number[] {
  const side = sizePx / 2 ** (painterWidths.length - 1);
  return [1, painterWidths.at(-1) as number, side, side];
}

function pictureTensor(picture: Image, { sizePx }: ReenactorShape): TypedTensor<'float32'> {
  if (picture.widthPx !== sizePx || picture.heightPx !== sizePx) {
    throw new ShapeError(`a picture of ${picture.widthPx}x${picture.heightPx} px for a network of ${sizePx} px`);
  }
  return float32(toPlanar([picture]), [1, 3, sizePx, sizePx]);
}

function numbersOf(found: Tensors, name: string): Float32Array {
  const tensor = found[name];
  if (tensor?.dtype !== 'float32') throw new ModelFileError(`the reenactment network gives no float32 ${name}`);
  return tensor.data;
}
