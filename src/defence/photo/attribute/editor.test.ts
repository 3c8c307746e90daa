import { beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { readGraph, writeGraph } from '../../../graph/onnx-file.ts';
import { conv } from '../../../graph/ops/convolution.ts';
import { reduceMean } from '../../../graph/ops/reduction.ts';
import { float32 } from '../../../graph/tensor.ts';
import { readCheckpoint, writeCheckpoint } from '../../../nn/checkpoint.ts';
import { type Parameters, scope, type Weights } from '../../../nn/parameters.ts';
import type { TrainingState } from '../../../nn/training.ts';
import { InputError, ModelFileError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { drawTarget, withAttribute } from './attribute-values.ts';
import { type AttributeEditor, editorGraph, openEditor } from './editor.ts';
import { ATTGAN_LOSSES, type EditorExample, type EditorTrainingOptions, trainEditor } from './editor-training.ts';
import { criticiseFaces, EDITOR_SHAPES, type EditorShape, type EditorShapeName, editFaces } from './networks.ts';

const SIZE_PX = 16;
const NUMBERS = 3 * SIZE_PX ** 2;
const ATTRIBUTES = ['Light_Top', 'Light_Bottom'];

const TINY: EditorShape = {
  ...EDITOR_SHAPES['slim-64'],
  sizePx: SIZE_PX,
  channels: [8, 16],
  criticChannels: [8, 16],
  criticUnits: 16,
  shortcuts: 1,
  injections: 1,
};

/** Grey pictures whose halves are dark or light, with a little noise. */
function example(top: boolean, bottom: boolean, seed: string): EditorExample {
  const random = new Random(seed);
  const portrait = Uint8Array.from({ length: NUMBERS }, (_, i) => {
    const light = i % SIZE_PX ** 2 < SIZE_PX ** 2 / 2 ? top : bottom;
    return (light ? 180 : 75) + random.integer(20);
  });
  return { portrait, own: Float32Array.of(top ? 1 : -1, bottom ? 1 : -1) };
}

const EXAMPLES = Array.from({ length: 32 }, (_, i) => example(i % 2 === 0, i % 4 < 2, `example ${i}`));

const options = (changes: Partial<EditorTrainingOptions> = {}): EditorTrainingOptions => ({
  shape: TINY,
  attributes: ATTRIBUTES,
  losses: {
    ...ATTGAN_LOSSES,
    frozenReaders: 5,
    reconstruction: 100,
    change: 1,
    colour: 2,
    identity: 5,
  },
  adversary: 'lsgan',
  criticSteps: 0,
  hardening: 0,
  batchSize: 8,
  reconstructed: 2,
  identified: 4,
  learningRate: 4e-3,
  identityEncoders: [],
  frozenReaders: [],
  steps: 400,
  seed: 1,
  threads: 1,
  ...changes,
});

const values = (top: number, bottom: number): Float32Array => Float32Array.of(top, bottom);

/** Mean change of the upper and of the lower half. */
const halves = (change: Float32Array): [number, number] => {
  const mean = (isTop: boolean): number => {
    const part = change.filter((_, i) => i % SIZE_PX ** 2 < SIZE_PX ** 2 / 2 === isTop);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  };
  return [mean(true), mean(false)];
};

const unitFace = ({ portrait }: EditorExample): Float32Array => Float32Array.from(portrait, (value) => value / 255);

describe('a trained editor', () => {
  const states: TrainingState[] = [];
  let weights: Weights;
  let editor: AttributeEditor;

  beforeAll(async () => {
    weights = await trainEditor(
      EXAMPLES,
      options({ checkpointSteps: 390, onCheckpoint: async (state) => void states.push(state) }),
    );
    editor = await openEditor(readGraph(writeGraph(editorGraph(weights, { shape: TINY, attributes: ATTRIBUTES }))));
  }, 30_000);

  test('makes light what is to be light and dark what is to be dark, and leaves the other half', async () => {
    const face = unitFace(example(false, true, 'unseen'));
    const [up, down, none] = await editor.change(
      [face, face, face],
      [values(-1, 1), values(-1, 1), values(-1, 1)],
      [values(1, 1), values(-1, -1), values(-1, 1)],
    );
    const [top, rest] = halves(up as Float32Array);
    expect(top).toBeGreaterThan(0.1);
    expect(Math.abs(rest)).toBeLessThan(0.6 * top);
    const [still, bottom] = halves(down as Float32Array);
    expect(bottom).toBeLessThan(-0.1);
    expect(Math.abs(still)).toBeLessThan(-0.6 * bottom);
    // The very same: the difference is taken from what the network makes of the face's own attributes.
    expect(Math.max(...(none as Float32Array).map(Math.abs))).toBe(0);
  });

  test('goes half the way to the undecidable middle', async () => {
    const face = unitFace(example(false, false, 'another'));
    const [whole, half] = await editor.change(
      [face, face],
      [values(-1, -1), values(-1, -1)],
      [values(1, -1), values(0, -1)],
    );
    const [all, middle] = [halves(whole as Float32Array)[0], halves(half as Float32Array)[0]];
    expect(middle).toBeGreaterThan(0.2 * all);
    expect(middle).toBeLessThan(0.8 * all);
  });

  test('gives a face with its own attributes back', async () => {
    const face = unitFace(example(true, false, 'a third'));
    const [again] = await editor.reconstruct([face], [values(1, -1)]);
    const error = face.reduce((sum, value, i) => sum + Math.abs(value - (again?.[i] ?? 0)), 0) / NUMBERS;
    expect(error).toBeLessThan(0.03);
  });

  test('is stored once, although it is used twice', () => {
    const own = [...weights].filter(([name]) => name.startsWith('editor.'));
    const bytes = own.reduce((sum, [, { data }]) => sum + 4 * data.length, 0);
    expect(writeGraph(editorGraph(weights, { shape: TINY, attributes: ATTRIBUTES })).length).toBeLessThan(1.5 * bytes);
  });

  test('resumed from a checkpoint, ends at the same weights to the last bit', async () => {
    const resume = readCheckpoint(writeCheckpoint(states[0] as TrainingState));
    expect(resume.step).toBe(390);
    const again = await trainEditor(EXAMPLES, options({ resume }));
    for (const [name, { data }] of weights) expect([name, again.get(name)?.data]).toEqual([name, data]);
  });
});

describe('trainEditor', () => {
  test('as published: the critic moves alone five times, then the editor alone, with a gradient penalty', async () => {
    const figures: Readonly<Record<string, number>>[] = [];
    const states: TrainingState[] = [];
    const weights = await trainEditor(
      EXAMPLES,
      options({
        shape: { ...TINY, condition: 'target', gives: 'face', shortcuts: 1, injections: 1 },
        losses: ATTGAN_LOSSES,
        adversary: 'wgan-gp',
        criticSteps: 5,
        reconstructed: 8,
        steps: 12,
        checkpointSteps: 1,
        onCheckpoint: async (state) => void states.push(state),
        onProgress: (event) => void (event.figures && figures.push(event.figures)),
      }),
    );
    expect(figures.map((one) => ('penalty' in one ? 'critic' : 'editor')).join(' ')).toBe(
      'critic critic critic critic critic editor critic critic critic critic critic editor',
    );
    const movedIn = (step: number): string[] => {
      const [before, after] = [states[step - 1], states[step]];
      const moved = [...weights.keys()].filter(
        (name) => !isSame(before?.tensors.get(name)?.data, after?.tensors.get(name)?.data),
      );
      return [...new Set(moved.map((name) => name.split('.')[0] as string))];
    };
    expect(movedIn(1)).toEqual(['critic']);
    expect(movedIn(5)).toEqual(['editor']);
  });

  test('an identity encoder and a frozen reader enter the loss with their weights', async () => {
    const figures: Readonly<Record<string, number>>[] = [];
    await trainEditor(
      EXAMPLES,
      options({
        steps: 3,
        identityEncoders: [{ graph: poolingEncoder(), view: { box: WHOLE, widthPx: 8, heightPx: 8 } }],
        frozenReaders: [{ graph: brightnessReader(), columns: [0, -1] }],
        onProgress: (event) => void (event.figures && figures.push(event.figures)),
      }),
    );
    const { loss = 0, adversarial = 0, attributes = 0, reconstruction = 0, ...rest } = figures.at(-1) ?? {};
    const { change = 0, colour = 0, identity = 0, frozen = 0 } = rest;
    expect(identity).toBeGreaterThan(0);
    expect(frozen).toBeGreaterThan(0);
    expect(loss).toBeCloseTo(
      adversarial + 10 * attributes + 100 * reconstruction + change + 2 * colour + 5 * identity + 5 * frozen,
      3,
    );
  });

  test('the attributes that are to change enter the loss once more', async () => {
    const figures: Readonly<Record<string, number>>[] = [];
    const losses = { ...ATTGAN_LOSSES, reconstruction: 0, turned: 7 };
    const onProgress: EditorTrainingOptions['onProgress'] = (event) =>
      void (event.figures && figures.push(event.figures));
    await trainEditor(EXAMPLES, options({ steps: 2, losses, onProgress }));
    const { loss = 0, adversarial = 0, attributes = 0, turned = 0 } = figures.at(-1) ?? {};
    expect(turned).toBeGreaterThan(0);
    expect(loss).toBeCloseTo(adversarial + 10 * attributes + 7 * turned, 3);
  });

  test('refuses fewer faces than a batch', async () => {
    await expect(trainEditor(EXAMPLES.slice(0, 4), options())).rejects.toThrow(InputError);
  });
});

describe('openEditor', () => {
  test('refuses a graph that is no editor', async () => {
    const builder = new GraphBuilder('other');
    builder.output('change', builder.input('portrait', [1, 3, 8, 8]));
    await expect(openEditor(builder.build())).rejects.toThrow(ModelFileError);
  });
});

describe('criticiseFaces', () => {
  test('tells what a face is said to have from what it has, where it is asked with it', async () => {
    const loss = async (criticConditions: boolean): Promise<number> => {
      let told = 1;
      // The editor may not move: only photos with another face's attributes are left to tell apart.
      const losses = { ...ATTGAN_LOSSES, adversarial: 0, attributes: 0, reconstruction: 100 };
      await trainEditor(
        EXAMPLES,
        options({
          shape: { ...TINY, criticConditions },
          losses,
          criticSteps: 9,
          steps: 300,
          onProgress: (event) => {
            if (event.figures?.told !== undefined) told = 0.9 * told + 0.1 * event.figures.told;
          },
        }),
      );
      return told;
    };
    expect(await loss(true)).toBeLessThan((await loss(false)) - 0.03);
  });
});

describe('the published shapes', () => {
  /** Weights of the two networks for AttGAN's 13 attributes. */
  function count(name: EditorShapeName): { editor: number; critic: number } {
    const shape = EDITOR_SHAPES[name];
    const builder = new GraphBuilder(name);
    const faces = builder.input('faces', [1, 3, shape.sizePx, shape.sizePx]);
    const sizes = (build: (p: Parameters) => void): number => {
      let total = 0;
      const input: Parameters['weight'] = (name, size) => builder.input(name, size);
      build({
        builder,
        training: false,
        weight: (name, size, initialise) => {
          total += size.reduce((a, b) => a * b, 1);
          return input(name, size, initialise);
        },
        buffer: input,
        update: () => {},
      });
      return total;
    };
    return {
      editor: sizes((p) => editFaces(scope(p, 'editor'), faces, builder.input('attributes', [1, 13]), shape)),
      critic: sizes((p) => criticiseFaces(scope(p, 'critic'), faces, p.builder.input('said', [1, 13]), shape)),
    };
  }

  test('attgan-128 has 43.5 and 44.7 million weights', () => {
    const { editor, critic } = count('attgan-128');
    expect(editor / 1e6).toBeCloseTo(43.5, 0);
    expect(critic / 1e6).toBeCloseTo(44.7, 0);
  });

  test('attgan-64 has between 15 and 17 million', () => {
    const { editor } = count('attgan-64');
    expect(editor).toBeGreaterThan(15e6);
    expect(editor).toBeLessThan(17e6);
  });
});

describe('attribute values', () => {
  const NAMES = ['Black_Hair', 'Blond_Hair', 'No_Beard', 'Mustache', 'Smiling'];

  test('a hair colour takes the place of another, a moustache of no beard; the rest stays', () => {
    const own = Float32Array.of(1, -1, 1, -1, 1);
    expect([...withAttribute(own, NAMES, { name: 'Blond_Hair', value: 1 })]).toEqual([-1, 1, 1, -1, 1]);
    expect([...withAttribute(own, NAMES, { name: 'Mustache', value: 1 })]).toEqual([1, -1, -1, 1, 1]);
    expect([...withAttribute(own, NAMES, { name: 'Smiling', value: 0 })]).toEqual([1, -1, 1, -1, 0]);
    expect(() => withAttribute(own, NAMES, { name: 'Hat', value: 1 })).toThrow(InputError);
  });

  test('targets in training: half another face’s, the others turn or remove one or two', () => {
    const random = new Random(1);
    const [own, other] = [Float32Array.of(1, -1, 1, -1, 1), Float32Array.of(-1, 1, -1, 1, -1)];
    const drawn = Array.from({ length: 2000 }, () => [...drawTarget(own, other, NAMES, random)]);
    const share = (is: (target: number[]) => boolean): number => drawn.filter(is).length / drawn.length;
    expect(share((target) => target.join() === [...other].join())).toBeCloseTo(0.5, 1);
    expect(share((target) => target.includes(0))).toBeCloseTo(0.25, 1);
  });
});

const WHOLE = { x: 0, y: 0, width: 112, height: 112 };

/** A face as 4 numbers: the mean of four filters' answers. */
function poolingEncoder() {
  const builder = new GraphBuilder('encoder');
  const face = builder.input('face', [1, 3, 8, 8]);
  const kernel: Value = builder.constant(float32(new Random(3).normals(4 * 3 * 9), [4, 3, 3, 3]), 'kernel');
  builder.output('embedding', reduceMean(conv(face, kernel), [2, 3]));
  return builder.build();
}

/** The mean grey as log-odds. */
function brightnessReader() {
  const builder = new GraphBuilder('reader');
  const portrait = builder.input('portrait', [1, 3, SIZE_PX, SIZE_PX]);
  builder.output('log_odds', reduceMean(portrait, [2, 3]));
  return builder.build();
}

const isSame = (a: ArrayLike<unknown> | undefined, b: ArrayLike<unknown> | undefined): boolean =>
  a !== undefined && b !== undefined && Array.from(a).every((value, i) => value === b[i]);
