import { describe, expect, test } from 'vitest';
import { fakeEncoder, plain } from '../../../test/fixtures/audit.ts';
import { hashBytes, Random } from '../../util/random.ts';
import { createJudge } from '../judge.ts';
import { measureMembership } from './measured-membership.ts';
import { askedPhotos, membershipRows, witness } from './membership.ts';
import { membershipControls } from './membership-controls.ts';
import type { TrainingPerson } from './people.ts';

/** Photos are noise about a colour of their person; `odd` held-out photos look like nobody's. */
function people({ odd = false } = {}): TrainingPerson[] {
  const random = new Random('people');
  return Array.from({ length: 24 }, (_, label) => {
    const own = [random.integer(200), random.integer(200), random.integer(200)] as const;
    const photos = Array.from({ length: 10 }, (_, i) => {
      const isOdd = odd && i >= 6;
      const colour = own.map((value) => (isOdd ? random.integer(200) : value) + random.integer(50));
      const image = plain(colour as [number, number, number]);
      return { id: `${label}/${i}`, person: `person ${label}`, image };
    });
    return { person: `person ${label}`, label, faces: photos.slice(0, 6), heldOut: photos.slice(6) };
  });
}

/** An embedding of eight cosines of the colour, which tells colours apart and has seen no photo. */
const judge = (name: string) => {
  const weights = Array.from({ length: 64 }, (_, i) => new Random(`${name} ${i}`).normals(4, 0.02));
  return createJudge(
    fakeEncoder(name, weights.length, ({ data }) =>
      Float32Array.from(weights, ([a = 0, b = 0, c = 0, d = 0]) =>
        Math.cos(a * (data[0] ?? 0) + b * (data[1] ?? 0) + c * (data[2] ?? 0) + 50 * d),
      ),
    ),
  );
};

async function controlsOf(some: readonly TrainingPerson[]) {
  const photos = askedPhotos(some);
  const judges = [];
  for (const one of [judge('one'), judge('two')])
    judges.push({ judge: one, witness: await witness(one, photos, { job: {} }) });
  return membershipControls(photos, judges, { random: new Random(1), job: {} });
}

describe('membershipControls', () => {
  test('hold where held-out photos differ from training photos in nothing else', async () => {
    const { selfTests, confound } = await controlsOf(people());
    expect(selfTests).toHaveLength(4);
    expect(selfTests.filter(({ held }) => !held)).toEqual([]);
    expect(confound).toBeUndefined();
  });

  test('say where held-out photos are of another kind: any model would tell them apart, and that is no fault of the attack', async () => {
    const { selfTests, confound } = await controlsOf(people({ odd: true }));
    expect(confound).toMatch(/^in one AUC 0\.\d+/);
    expect(selfTests).toHaveLength(2);
  });
});

describe('membershipRows', () => {
  const photos = askedPhotos(people());

  test('a model that is sure of its training photos gives them away, by every attack', async () => {
    const evidence = photos.map(({ member, face }) => {
      const logOdds = (member ? 6 : 1) + 4 * (hashBytes(face.image.data) / 2 ** 32);
      return { loss: Math.log1p(Math.exp(-logOdds)), logOdds };
    });
    const reference = await witness(judge('one'), photos, { job: {} });
    const rows = membershipRows(photos, { name: 'sure', evidence }, [reference], new Random(1));
    expect(rows.map((row) => [row.attack, row.reference])).toEqual([
      ['loss threshold', null],
      ['calibrated by a reference', 'one'],
    ]);
    // 6..10 of members is always above 1..5 of the others.
    expect(rows[0]).toMatchObject({ members: 144, nonMembers: 96, people: 24, auc: { value: 1 }, tprAtFpr1: null });
    expect(rows[1]?.auc.low).toBeGreaterThan(0.6);
  });

  test('people without held-out photos are not asked about', () => {
    const [first, ...rest] = people();
    const some = [...rest.map((person) => ({ ...person, heldOut: [] })), first as TrainingPerson];
    expect(new Set(askedPhotos(some).map(({ person }) => person))).toEqual(new Set(['person 0']));
  });
});

describe('measureMembership', () => {
  const measured = (some: readonly TrainingPerson[]) =>
    measureMembership(judge('audited'), { kind: 'centres', centres: [] }, [judge('one'), judge('two')], {
      ...{ people: some, random: new Random(1) },
    });
  const heldOutOf = (count: number) => people().map((person, i) => (i < count ? person : { ...person, heldOut: [] }));

  test('says why it measures nothing where nobody, or fewer than ten people, were held out', async () => {
    expect(await measured(heldOutOf(0))).toEqual({
      membership: [],
      selfTests: [],
      missing: expect.stringContaining('no photos'),
    });
    expect((await measured(heldOutOf(9))).missing).toBe('photos of 9 people were held out, and of 10 they are needed');
    const { membership, selfTests, missing } = await measured(heldOutOf(10));
    expect([membership.length, selfTests.length, missing]).toEqual([3, 4, undefined]);
  });

  test('of held-out photos of another kind it says so, and measures nothing; the attack’s own tests are kept', async () => {
    const { membership, selfTests, missing } = await measured(people({ odd: true }));
    expect(membership).toEqual([]);
    expect(missing).toContain('draw them at random');
    expect(selfTests.map(({ held }) => held)).toEqual([true, true]);
  });
});

test('of few photos, luck is no failure of a self-test', async () => {
  const few = people()
    .slice(7, 17)
    .map((person) => ({ ...person, faces: person.faces.slice(0, 3), heldOut: person.heldOut.slice(0, 1) }));
  const { selfTests: tests } = await controlsOf(few);
  // 30 photos and 10: 0.64, which the rank-sum test takes for chance (z = 1.3), and a bootstrap of ten does not.
  expect(tests.map(({ sentence }) => sentence)).toContainEqual(expect.stringContaining('0.640 (0.573 to 0.727)'));
  expect(tests.filter(({ held }) => !held)).toEqual([]);
});
