import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SMALL_ATTRIBUTES, smallEditorFile, smallReaderFile } from '../../../../test/fixtures/attribute-models.ts';
import { convolutionalEncoder } from '../../../../test/fixtures/evasion.ts';
import { wavyImage } from '../../../../test/fixtures/image-files.ts';
import { alignedFace } from '../../../encoder/aligned-face.ts';
import type { Encoder } from '../../../encoder/encoder.ts';
import { CANONICAL_POINTS } from '../../../face/alignment.ts';
import type { AttributeReader } from '../../../face/attribute-reader.ts';
import type { Face, FivePoints } from '../../../face/face.ts';
import { openAttributeReader } from '../../../face/open-attribute-reader.ts';
import { readGraph } from '../../../graph/onnx-file.ts';
import type { Image } from '../../../image/image.ts';
import { cosineSimilarity } from '../../../metric/similarity.ts';
import { CapabilityError, InterruptedError } from '../../../util/errors.ts';
import { Random } from '../../../util/random.ts';
import { type AttributeEditor, openEditor } from './editor.ts';
import { resolveHidden } from './hidden-attributes.ts';
import { type AttributePlan, attributeProtection, type Passage } from './protect-photo.ts';

/** A face larger than is measured at. Nobody's: the small networks do not mind. */
const PHOTO: Image = wavyImage(500, 470, new Random('photo'));
const place = ({ x, y }: { x: number; y: number }) => ({ x: 80 + 3 * x, y: 60 + 3 * y });
const ELLIPSE = Array.from({ length: 468 }, (_, i) => {
  const radius = 20 + (40 * (i % 12)) / 12;
  return { ...place({ x: 56 + radius * Math.cos(i), y: 66 + radius * Math.sin(i) }), z: 0 };
});
const FACE: Face = {
  box: { x: 100, y: 90, width: 300, height: 340 },
  confidence: 1,
  landmarks: CANONICAL_POINTS.map(place) as unknown as FivePoints,
  mesh: ELLIPSE,
};
const HIDE: AttributePlan = {
  hide: resolveHidden(['sex'], [], SMALL_ATTRIBUTES),
  removal: 'middle',
  edits: [],
};

/** A change that is strong, whatever the face has. */
const CHANGE: AttributePlan = {
  hide: resolveHidden([], [], SMALL_ATTRIBUTES),
  removal: 'draw',
  edits: [{ kind: 'learnt', target: { Male: 1 } }],
};

let encoder: Encoder;
let editor: AttributeEditor;
let reader: AttributeReader;
beforeAll(async () => {
  encoder = await convolutionalEncoder();
  editor = await openEditor(readGraph(smallEditorFile(0.3)), { threads: 1 });
  reader = await openAttributeReader(readGraph(smallReaderFile()), { threads: 1 });
});
afterAll(() => Promise.all([encoder.close(), editor.close(), reader.close()]));

/** What makes a change louder than it is in the photo, as a hard contrast does. */
const LOUDER: Passage = {
  name: 'louder',
  apply: async (photo) => ({
    ...photo,
    data: photo.data.map((value) => Math.min(255, Math.max(0, 128 + 6 * (value - 128)))),
  }),
};
const AS_IT_IS: Passage = { name: 'as-it-is', apply: async (photo) => photo };

const embed = async (photo: Image): Promise<Float32Array> =>
  (await encoder.embed([alignedFace(photo, FACE.landmarks, encoder.view)]))[0] ?? new Float32Array();

const protect = (limit: number, plan: AttributePlan = HIDE, seed = 1) =>
  attributeProtection({ editor, reader }, [{ encoder, limit }]).protect(PHOTO, FACE, {
    plan,
    secret: new Random(seed),
    others: [],
  });

describe('a face whose attributes are hidden', () => {
  test('is changed wholly where the budget allows, and read as was aimed at', async () => {
    const { image, strength, bound, own, target, after } = await protect(-1, CHANGE);
    expect([strength, bound]).toEqual([1, undefined]);
    expect(target[0]).toBe(1);
    expect(own[0]).toBeLessThan(0.3);
    expect(after[0]).toBeGreaterThan(0.8);
    expect(image.data).not.toEqual(PHOTO.data);
  });

  test('keeps to its budget on the photo itself, which is larger than what was measured', async () => {
    const whole = await protect(-1, CHANGE);
    const limit = (1 + cosineSimilarity(await embed(whole.image), await embed(PHOTO))) / 2;
    const { image, strength, bound, matches } = await protect(limit, CHANGE);
    expect(bound).toBe(encoder.id);
    expect(strength).toBeGreaterThan(0.3);
    expect(strength).toBeLessThan(1);
    const measured = matches[0]?.similarity ?? 0;
    expect(measured).toBeGreaterThanOrEqual(limit);
    const reached = cosineSimilarity(await embed(image), await embed(PHOTO));
    expect(Math.abs(reached - measured)).toBeLessThan(0.3 * (1 - limit));
  });

  test('keeps to its budget after what photos go through, compared with the original that went through the same', async () => {
    const similarityAfter = async ({ apply }: Passage, image: Image): Promise<number> =>
      cosineSimilarity(await embed(await apply(image, 3)), await embed(await apply(PHOTO, 3)));
    const whole = await protect(-1, CHANGE);
    const limit = (1 + (await similarityAfter(AS_IT_IS, whole.image))) / 2;
    const kept = (passages: readonly Passage[]) =>
      attributeProtection({ editor, reader }, [{ encoder, limit }], passages).protect(PHOTO, FACE, {
        plan: CHANGE,
        secret: new Random(1),
        others: [],
      });
    const [alone, both] = [await kept([AS_IT_IS]), await kept([AS_IT_IS, LOUDER])];
    const slack = 0.3 * (1 - limit);
    // Without it being asked for, it does not hold there.
    expect(await similarityAfter(LOUDER, alone.image)).toBeLessThan(limit - slack);
    expect(await similarityAfter(LOUDER, both.image)).toBeGreaterThan(limit - slack);
    expect(both.strength).toBeLessThan(alone.strength);
    expect(both.matches.map(({ after }) => after)).toEqual(['as-it-is', 'louder']);
    for (const { similarity } of both.matches) expect(similarity).toBeGreaterThanOrEqual(limit);
  });

  test('stays grey where the photo is', async () => {
    const grey: Image = { ...PHOTO, data: PHOTO.data.map((_, i) => PHOTO.data[i - (i % 3)] as number) };
    const drawn: AttributePlan = {
      ...CHANGE,
      edits: [...CHANGE.edits, { kind: 'operation', name: 'darker-skin', amount: 1 }],
    };
    const { image, after } = await attributeProtection({ editor, reader }, []).protect(grey, FACE, {
      plan: drawn,
      secret: new Random(1),
      others: [],
    });
    expect(image.data).not.toEqual(grey.data);
    expect(image.data.every((value, i) => value === image.data[i - (i % 3)])).toBe(true);
    expect(after[0]).toBeGreaterThan(0.5);
  });

  test('gets no beard where it is turned away, and is told why', async () => {
    const turned = (degrees: number): Face => {
      const mesh = [...FACE.mesh];
      const half = 120 * Math.tan((Math.PI * degrees) / 180);
      mesh[234] = { x: 130, y: 250, z: -half };
      mesh[454] = { x: 370, y: 250, z: half };
      return { ...FACE, mesh };
    };
    const plan = {
      hide: resolveHidden([], [], SMALL_ATTRIBUTES),
      removal: 'draw',
      edits: [{ kind: 'operation', name: 'beard', amount: 1 }],
    } as const;
    const bearded = (face: Face) =>
      attributeProtection({ editor, reader }, [{ encoder, limit: -1 }]).protect(PHOTO, face, {
        plan,
        secret: new Random(1),
        others: [],
      });
    for (const degrees of [50, -50]) {
      const { refused, image } = await bearded(turned(degrees));
      expect(refused).toEqual([{ name: 'beard', refusal: 'turned-away' }]);
      expect(image.data).toEqual(PHOTO.data);
    }
    const front = await bearded(turned(10));
    expect(front.refused).toEqual([]);
    expect(front.image.data).not.toEqual(PHOTO.data);
  });

  test('is left alone where nothing can be changed', async () => {
    const { image, strength, own, after } = await protect(1, CHANGE);
    expect(strength).toBe(0);
    expect(image).toBe(PHOTO);
    expect(after).toEqual(own);
  });

  test('is drawn by the secret alone', async () => {
    const plan = { ...HIDE, removal: 'draw' } as const;
    const [one, again, other] = [await protect(-1, plan, 3), await protect(-1, plan, 3), await protect(-1, plan, 4)];
    expect(again.image).toEqual(one.image);
    expect(other.target).not.toEqual(one.target);
  });

  test('takes edits as well: values for the editor, and operations as much as the strength says', async () => {
    const edits = [
      { kind: 'learnt', target: { Smiling: 1 } },
      { kind: 'operation', name: 'darker-skin', amount: 0.8 },
    ] as const;
    const plan = { hide: resolveHidden([], [], SMALL_ATTRIBUTES), removal: 'draw', edits } as const;
    const { target, own } = await protect(-1, plan);
    expect(target[SMALL_ATTRIBUTES.indexOf('Smiling')]).toBe(1);
    expect(target[0]).toBe(own[0]);
  });

  test('needs a reader that reads what the editor changes, and stops on request', async () => {
    const poorer = { ...reader, attributes: ['Male'] };
    expect(() => attributeProtection({ editor, reader: poorer }, [])).toThrow(CapabilityError);
    const stopped = attributeProtection({ editor, reader }, []).protect(PHOTO, FACE, {
      plan: HIDE,
      secret: new Random(1),
      others: [],
      signal: AbortSignal.abort(),
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
  });
});
