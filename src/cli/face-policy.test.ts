import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../util/errors.ts';
import { type FacePlace, type FacePlan, readPolicy } from './face-policy.ts';

const GIVEN = { hide: ['sex'], keep: [], edit: [], removal: 'draw', shares: {} } as const;
const FACE = { box: { x: 100, y: 50, width: 80, height: 100 } };
const place = (given: Partial<FacePlace> = {}): FacePlace => ({
  photo: 'a.jpg',
  place: 0,
  person: undefined,
  ...given,
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-policy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function policyOf(parts: object) {
  const path = join(folder, 'policy.json');
  await writeFile(path, JSON.stringify({ schema: 'faceward.policy/1', ...parts }));
  return readPolicy(path, GIVEN);
}
const actionOf = async (parts: object, at: FacePlace, face = FACE): Promise<FacePlan['action']> =>
  (await policyOf(parts)).planOf(face, at).action;

describe('a policy', () => {
  test('without rules does to every face what the command line says', async () => {
    const plan = (await policyOf({})).planOf(FACE, place());
    expect(plan).toEqual({ action: 'attributes', words: GIVEN });
  });

  test('lets the first rule decide that fits altogether', async () => {
    const rules = [
      { if: { person: 'ann', photo: 'party*' }, do: 'cloak' },
      { if: { person: 'ann' }, do: 'keep' },
    ];
    const parts = { gallery: 'people', rules, otherwise: 'hide' };
    expect(await actionOf(parts, place({ person: 'ann', photo: 'party/1.jpg' }))).toBe('cloak');
    expect(await actionOf(parts, place({ person: 'ann' }))).toBe('keep');
    expect(await actionOf(parts, place({ person: 'bob', photo: 'party/1.jpg' }))).toBe('hide');
    expect(await actionOf(parts, place())).toBe('hide');
    expect(await policyOf(parts)).toMatchObject({ gallery: join(folder, 'people'), people: ['ann'] });
  });

  test.each<[object, Partial<FacePlace>, boolean]>([
    [{ index: 2 }, { place: 1 }, true],
    [{ index: 2 }, { place: 0 }, false],
    [{ size: 'largest' }, { place: 0 }, true],
    [{ size: 'others' }, { place: 0 }, false],
    [{ size: 'others' }, { place: 3 }, true],
    [{ box: { x: 105, y: 45, width: 80, height: 100 } }, {}, true],
    [{ box: { x: 400, y: 45, width: 80, height: 100 } }, {}, false],
    [{ photo: '*.png' }, { photo: 'x/a.png' }, true],
    [{ photo: 'a.jpg' }, { photo: 'b/a.jpg' }, false],
    [{ photo: 'a.jpg' }, { photo: 'aXjpg' }, false],
  ])('condition %j at %j: %s', async (condition, at, fits) => {
    const parts = { rules: [{ if: condition, do: 'hide' }], otherwise: 'keep' };
    expect(await actionOf(parts, place(at))).toBe(fits ? 'hide' : 'keep');
  });

  test('takes actions with their options, and names all plans', async () => {
    const policy = await policyOf({
      rules: [
        { if: { index: 1 }, do: { attributes: { hide: ['age'], removal: 'middle', shares: { Young: 0.5 } } } },
        { if: { index: 2 }, do: { cloak: { strength: 'high' } } },
        { if: { index: 3 }, do: { hide: { with: 'blur' } } },
      ],
      possible: 'hide',
      withoutFaces: 'refuse',
    });
    expect(policy.plans).toMatchObject([
      { action: 'attributes', words: { hide: ['age'], keep: [], edit: [], removal: 'middle', shares: { Young: 0.5 } } },
      { action: 'cloak', strength: { name: 'high' } },
      { action: 'hide', cover: 'blur' },
      { action: 'attributes', words: GIVEN },
    ]);
    expect(policy.people).toEqual([]);
    expect(policy).toMatchObject({ possible: 'hide', withoutFaces: 'refuse', gallery: undefined });
  });

  test.each<[string, object, RegExp]>([
    ['an unknown action', { otherwise: 'erase' }, /is no policy/],
    ['an unknown condition', { rules: [{ if: { name: 'ann' }, do: 'keep' }] }, /is no policy/],
    ['a rule without an action', { rules: [{ if: {} }] }, /is no policy/],
    ['a person without a gallery', { rules: [{ if: { person: 'ann' }, do: 'keep' }] }, /no gallery to know them from/],
    ['another schema', { schema: 'faceward.policy/2' }, /is no policy/],
  ])('with %s is refused', async (_, parts, message) => {
    await expect(policyOf(parts)).rejects.toThrow(message);
    await expect(policyOf(parts)).rejects.toThrow(InputError);
  });

  test('that is not there is refused', async () => {
    await expect(readPolicy(join(folder, 'nowhere.json'), GIVEN)).rejects.toThrow(/cannot be read/);
  });
});
