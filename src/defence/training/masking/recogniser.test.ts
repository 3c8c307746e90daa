import { describe, expect, test } from 'vitest';
import { evaluate, largestDifference, wave } from '../../../../test/fixtures/evaluate.ts';
import { GraphBuilder, type Value } from '../../../graph/builder.ts';
import { float32, type TypedTensor } from '../../../graph/tensor.ts';
import { type Parameters, TrainableParameters } from '../../../nn/parameters.ts';
import { InputError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { mixedArcFace, type RecogniserForm, recogniser } from './recogniser.ts';

const FORM: RecogniserForm = { sizePx: 32, width: 0.125, embeddingSize: 6, norm: 'batch' };
const MASKED = [3, 5, 4, 4] as const;

/** The recogniser in training, on first weights and the tensor given. */
async function embed(masked: TypedTensor<'float32'>, form: RecogniserForm): Promise<number[]> {
  const declared = new TrainableParameters(new GraphBuilder(), new Random(1));
  recogniser(declared, declared.builder.input('masked', masked.shape), form);
  const { embedding } = await evaluate({ masked, ...Object.fromEntries(declared.initial) }, (inputs) => {
    const given = (name: string): Value => (inputs as Readonly<Record<string, Value>>)[name] as Value;
    const p: Parameters = {
      builder: inputs.masked.builder,
      training: true,
      weight: given,
      buffer: given,
      update: () => {},
    };
    return { embedding: recogniser(p, inputs.masked, form) };
  });
  return embedding ?? [];
}

describe('the recogniser of masked faces', () => {
  test('with group normalisation sees each face by itself, in training too', async () => {
    const form = { ...FORM, norm: 'group' } as const;
    const faces = wave(MASKED, 0.3);
    const half = faces.data.length / 3;
    const [all, first] = [
      await embed(faces, form),
      await embed(float32(faces.data.slice(0, half), [1, 5, 4, 4]), form),
    ];
    expect(first).toHaveLength(6);
    expect(largestDifference(all.slice(0, 6), first)).toBeLessThan(1e-5);
    expect(largestDifference(all.slice(0, 6), all.slice(6, 12))).toBeGreaterThan(1e-3);
  });

  test('with batch normalisation does not', async () => {
    const faces = wave(MASKED, 0.3);
    const others = float32(
      faces.data.map((value, i) => (i < faces.data.length / 3 ? value : -2 * value)),
      MASKED,
    );
    const [one, two] = [await embed(faces, FORM), await embed(others, FORM)];
    expect(largestDifference(one.slice(0, 6), two.slice(0, 6))).toBeGreaterThan(1e-2);
  });

  test.each([{ sizePx: 40 }, { sizePx: 16 }, { width: 0 }, { embeddingSize: 1 }])('refuses %o', (wrong) => {
    const p = new TrainableParameters(new GraphBuilder(), new Random(1));
    expect(() => recogniser(p, p.builder.input('masked', [1, 5, 4, 4]), { ...FORM, ...wrong })).toThrow(InputError);
  });
});

describe('ArcFace of mixed faces', () => {
  test('is the sum over the people of part * cross-entropy, the margin at each alone', async () => {
    const [scale, margin] = [7, 0.4];
    const embeddings = wave([2, 3], 0.5);
    const classes = wave([4, 3], 2.1);
    const people = [
      [1, 3],
      [2, 0],
    ] as const;
    const parts = [
      [0.7, 0.3],
      [1, 0],
    ] as const;
    const targets = people.flatMap((row) => row.flatMap((one) => [0, 1, 2, 3].map((k) => Number(k === one))));
    const { losses } = await evaluate(
      { embeddings, classes, targets: float32(targets, [2, 2, 4]), parts: float32(parts.flat(), [2, 2]) },
      (inputs) => ({
        losses: mixedArcFace(inputs.embeddings, inputs.classes, inputs.targets, inputs.parts, { scale, margin }),
      }),
    );
    const row = (tensor: TypedTensor<'float32'>, i: number): number[] => {
      const values = Array.from(tensor.data.slice(3 * i, 3 * i + 3));
      const length = Math.hypot(...values);
      return values.map((value) => value / length);
    };
    const expected = people.map((own, face) =>
      own.reduce<number>((sum, person, slot) => {
        const logits = [0, 1, 2, 3].map((k) => {
          const cosine = row(embeddings, face).reduce((dot, value, d) => dot + value * (row(classes, k)[d] ?? 0), 0);
          const angle = Math.acos(cosine);
          if (k !== person) return scale * cosine;
          return (
            scale * (angle + margin < Math.PI ? Math.cos(angle + margin) : cosine - margin * Math.sin(Math.PI - margin))
          );
        });
        const total = logits.reduce((all, logit) => all + Math.exp(logit), 0);
        return sum + (parts[face]?.[slot] ?? 0) * (Math.log(total) - (logits[person] ?? 0));
      }, 0),
    );
    expect(largestDifference(losses ?? [], expected)).toBeLessThan(1e-4);
  });
});
