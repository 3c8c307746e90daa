import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wavyImage } from '../../test/fixtures/image-files.ts';
import { SHARED_DATA } from '../../test/fixtures/shared-data.ts';
import { type Split, splitOf } from '../data/splits.ts';
import { encodePng } from '../image/encode.ts';
import { writeMarkedClip } from '../image/frames/marked-clip.ts';
import { encodeMarkedPng } from '../image/mark.ts';
import { embedPayload } from '../image/payload.ts';
import { Random } from '../util/random.ts';
import { findReenactorFiles, type ReenactorData, reenactorFaces } from './reenactor-faces.ts';

const ARGS = { device: 'cpu', threads: '1' };

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'faceward-test-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const load = async (changes: Partial<ReenactorData> = {}, sizePx = 64) =>
  reenactorFaces(
    await findReenactorFiles({
      photos: join(root, 'photos'),
      mostPhotos: 10,
      clips: join(root, 'clips'),
      tracks: join(root, 'tracks'),
      seed: 1,
      ...changes,
    }),
    { sizePx, args: ARGS, job: {} },
  );

describe.skipIf(!SHARED_DATA)('faces of a training', () => {
  beforeAll(async () => {
    const shared = SHARED_DATA ?? '';
    const people = join(shared, 'lfw-250-subset/images');
    const names = await readdir(people);
    const sides: readonly Split[] = ['train', 'test', 'calibration'];
    for (const side of sides) {
      const name = names.find((person) => splitOf(person) === side) ?? '';
      await mkdir(join(root, 'photos', name), { recursive: true });
      for (const file of (await readdir(join(people, name))).slice(0, 2))
        await symlink(join(people, name, file), join(root, 'photos', name, file));
    }
    for (const kind of ['clips', 'tracks']) await mkdir(join(root, kind));
    // By the hash of their names d0 is on the training side, d3 and d18 are not.
    for (const clip of ['d0', 'd3', 'd18']) {
      await symlink(join(shared, 'driving/frames', clip), join(root, 'clips', clip));
      await symlink(join(shared, 'driving/tracks', `${clip}.json`), join(root, 'tracks', `${clip}.json`));
    }
    await writeFile(join(root, 'clips', 'LICENSE'), '');
  });

  test('are of the training side alone: photos, clips and tracks', async () => {
    const faces = await load();
    expect(faces.people).toBe(1);
    expect(faces.photos).toHaveLength(2);
    for (const { photo, landmarks } of faces.photos) {
      expect([photo.widthPx, photo.heightPx]).toEqual([128, 128]);
      const [across, down] = [0, 1].map((axis) => landmarks.filter((_, i) => i % 2 === axis)) as [
        Float64Array,
        Float64Array,
      ];
      for (const along of [across, down]) {
        expect(Math.min(...along)).toBeGreaterThan(15);
        expect(Math.max(...along)).toBeLessThan(113);
        // The face takes about half of the crop.
        expect(Math.max(...along) - Math.min(...along)).toBeGreaterThan(38);
      }
    }
    expect(faces.clips.map(({ length }) => length)).toEqual([39]);
    for (const { widthPx, heightPx } of faces.clips.flat()) expect([widthPx, heightPx]).toEqual([64, 64]);
    expect(faces.tracks.map(({ frames }) => frames.length)).toEqual([78]);
  });

  test('are refused where a clip is one of ours', async () => {
    const clip = { framesPerSecond: 10, frames: [1, 2].map((seed) => wavyImage(96, 96, new Random(seed))) };
    const mark = { provenance: { kind: 'animated', method: 'test' }, payload: { runId: 1, species: 10 } } as const;
    await writeMarkedClip(clip, join(root, 'imitated/d0'), mark);
    await expect(load({ clips: join(root, 'imitated'), tracks: undefined })).rejects.toThrow(/imitated.d0.*mark/);
  });

  test('are refused where a photo is one of ours, by its file or by its pixels', async () => {
    const provenance = { kind: 'animated', method: 'test' } as const;
    const person = ['Ann', 'Ben', 'Eve', 'Joe'].find((name) => splitOf(name) === 'train') ?? '';
    const photo = wavyImage(256, 256, new Random(3));
    const ours = [
      await encodeMarkedPng(photo, provenance),
      await encodePng(embedPayload(photo, { runId: 1, species: 2 })),
    ];
    for (const [i, bytes] of ours.entries()) {
      await mkdir(join(root, `ours-${i}`, person), { recursive: true });
      await writeFile(join(root, `ours-${i}`, person, 'a.png'), bytes);
      await expect(load({ photos: join(root, `ours-${i}`), clips: undefined, tracks: undefined })).rejects.toThrow(
        /a\.png: it carries Faceward’s mark/,
      );
    }
  });

  test('are refused where there is none', async () => {
    const without = (changes: Partial<ReenactorData>, sizePx?: number) =>
      load({ clips: undefined, tracks: undefined, mostPhotos: 1, ...changes }, sizePx);
    await expect(without({}, 512)).rejects.toThrow(/no face of a person on the training side/);
    await expect(without({ clips: join(root, 'tracks') })).rejects.toThrow(/there is no clip/);
    await expect(without({ clips: join(root, 'none') })).rejects.toThrow(/cannot be read/);
    await expect(without({ tracks: join(root, 'clips') })).rejects.toThrow(/no track of landmarks/);
    await expect(without({ clips: join(root, 'clips/d3') })).rejects.toThrow(
      /no clip of a person on the training side/,
    );
  });
});
