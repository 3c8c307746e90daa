import { describe, expect, test } from 'vitest';
import type { Encoder } from '../../encoder/encoder.ts';
import type { Image } from '../../image/image.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { createJudge } from '../judge.ts';
import type { AuditFace } from '../subjects.ts';
import { foldPairs, measureUtility } from './utility.ts';

const names = Array.from({ length: 30 }, (_, i) => `person ${i}`);

describe('foldPairs', () => {
  const people = names.flatMap((name) => [name, name, name]);

  test('people are in one fold each, and each fold has as many impostors as genuine pairs', () => {
    const folds = foldPairs(people, 1);
    expect(folds).toHaveLength(10);
    const seen = new Map<string, number>();
    folds.forEach((pairs, fold) => {
      expect(pairs.filter(({ same }) => same)).toHaveLength(9);
      expect(pairs.filter(({ same }) => !same)).toHaveLength(9);
      for (const { a, b, same } of pairs) {
        expect(people[a] === people[b]).toBe(same);
        expect(a).not.toBe(b);
        for (const place of [a, b]) {
          const name = people[place] as string;
          expect(seen.get(name) ?? fold).toBe(fold);
          seen.set(name, fold);
        }
      }
    });
    expect(seen.size).toBe(30);
  });

  test('the same seed gives the same pairs, another one others', () => {
    expect(foldPairs(people, 1)).toEqual(foldPairs(people, 1));
    expect(foldPairs(people, 2)).not.toEqual(foldPairs(people, 1));
  });

  test('too few people are refused', () => {
    expect(() => foldPairs(people.slice(0, 30), 1)).toThrow(InputError);
  });
});

describe('measureUtility', () => {
  const face = (person: string, number: number): AuditFace => ({
    id: `${person}/${number}`,
    person,
    image: { widthPx: 1, heightPx: 1, data: Uint8Array.of(number, number, number) },
  });
  const strangers = names.flatMap((name, i) => [face(name, i), face(name, i), face(name, i)]);
  const people = names.slice(0, 20).map((name, label) => ({
    ...{ person: `own ${name}`, label },
    faces: [face(`own ${name}`, 100 + label), face(`own ${name}`, 100 + label)],
    // Two photos lie with the wrong person.
    heldOut: [face(`own ${name}`, 100 + (label === 0 ? 1 : label === 1 ? 0 : label))],
  }));
  /** An encoder that gives each shade of grey a direction of its own. */
  const exact: Encoder = {
    id: 'exact',
    hash: 'exact',
    embeddingSize: 64,
    view: { box: { x: 0, y: 0, width: 112, height: 112 }, widthPx: 1, heightPx: 1 },
    queries: 0,
    embed: async (faces: readonly Image[]) => faces.map(({ data }) => new Random(data[0] as number).normals(64)),
    close: async () => {},
  };

  test('an encoder that errs never is right always, and labels that are wrong count as errors', async () => {
    const utility = await measureUtility(createJudge(exact), { people, strangers }, { seed: 1 });
    expect(utility.folds.mean).toBe(1);
    expect(utility.strangers.eer).toBe(0);
    expect(utility.named).toMatchObject({ successes: 18, trials: 20 });
    expect(utility.namedByChance).toBe(0.05);
  });
});
