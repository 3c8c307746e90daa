import { describe, expect, test } from 'vitest';
import { photo } from '../../test/fixtures/audit.ts';
import { InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { type AuditFace, chooseSubjects } from './subjects.ts';

/** Twelve people: number n has n % 4 + 1 photos, so that nine have several. */
const faces: AuditFace[] = Array.from({ length: 12 }, (_, n) =>
  Array.from({ length: (n % 4) + 1 }, (_, i) => photo(`person ${n}`, i, [n, i, 0])),
).flat();

const choose = (seed: number, people = 12, from: readonly AuditFace[] = faces) =>
  chooseSubjects(from, { people, random: new Random(seed) });

describe('chooseSubjects', () => {
  test('people with several photos come first', () => {
    const counts = choose(1).map(({ others }) => others.length + 1);
    expect(counts).toHaveLength(12);
    expect(counts.slice(0, 9).every((count) => count > 1)).toBe(true);
    expect(counts.slice(9)).toEqual([1, 1, 1]);
    expect(choose(1, 9).every(({ others }) => others.length > 0)).toBe(true);
  });

  test('nobody is attacked twice, and every photo is either the template or one of the others', () => {
    const subjects = choose(2);
    expect(new Set(subjects.map(({ person }) => person)).size).toBe(12);
    const used = subjects.flatMap(({ template, others }) => [template, ...others]);
    expect(used.map(({ id }) => id).sort()).toEqual(faces.map(({ id }) => id).sort());
    for (const { person, template, others } of subjects) {
      expect([template, ...others].every((face) => face.person === person)).toBe(true);
    }
  });

  test('the same seed chooses the same, whatever the order of the faces; another seed others', () => {
    const ids = (subjects: ReturnType<typeof choose>) =>
      subjects.map(({ template, others }) => [template.id, ...others.map(({ id }) => id)]);
    expect(ids(choose(3, 6, new Random(9).shuffle(faces)))).toEqual(ids(choose(3, 6)));
    expect(ids(choose(4, 6))).not.toEqual(ids(choose(3, 6)));
  });

  test('fewer people are the first of more', () => {
    expect(choose(5, 4)).toEqual(choose(5, 12).slice(0, 4));
  });

  test('needs somebody', () => {
    expect(() => choose(1, 3, [])).toThrow(InputError);
  });
});
