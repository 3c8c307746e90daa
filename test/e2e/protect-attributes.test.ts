import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import exifr from 'exifr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailedPhoto, Receipt } from '../../src/audit/protection/receipt.ts';
import { readProvenance } from '../../src/image/mark.ts';
import { readProtection } from '../../src/image/protected-photo.ts';
import { sharp } from '../../src/image/vips.ts';
import { smallEditorFile, smallReaderFile } from '../fixtures/attribute-models.ts';
import { type Outcome, startFaceward } from '../fixtures/command-line.ts';
import { MIXED_KINDS, type MixedPhoto, mixedPhotos, PLANTED } from '../fixtures/mixed-photos.ts';

/** All kinds of photos once; `npm run proof:protect` takes 200 photos. */
const COUNT = Number(process.env.FACEWARD_PROOF_PHOTOS ?? MIXED_KINDS);

/** Long enough for a machine that does other things as well. */
const PATIENCE_MS = 60_000 + COUNT * 30_000;

/** The largest face of a photo is edited, the others are covered, and whoever is on a GIF is blurred. */
const POLICY = {
  schema: 'faceward.policy/1',
  rules: [
    { if: { photo: '*.png', size: 'largest' }, do: 'keep' },
    { if: { size: 'largest' }, do: { attributes: { hide: ['sex', 'glasses'], keep: ['smile'] } } },
  ],
  otherwise: 'hide',
};

let folder = '';
let photos: MixedPhoto[];
let outcome: Outcome;
let result: { readonly receipts: readonly Receipt[]; readonly failed: readonly FailedPhoto[] };

const faceward = (...words: readonly string[]): Promise<Outcome> =>
  startFaceward(words, { cache: process.env.FACEWARD_TEST_CACHE ?? join(folder, 'cache') }).outcome;
const protect = (...words: readonly string[]): Promise<Outcome> =>
  faceward('protect', 'attributes', ...words, ...MODELS.flatMap((name) => [`--${name}`, join(folder, `${name}.onnx`)]));
const MODELS = ['editor', 'reader', 'judges'] as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-protect-'));
  await writeFile(join(folder, 'editor.onnx'), smallEditorFile());
  await writeFile(join(folder, 'reader.onnx'), smallReaderFile());
  await writeFile(join(folder, 'judges.onnx'), smallReaderFile(0.7));
  await writeFile(join(folder, 'policy.json'), JSON.stringify(POLICY));
  photos = await mixedPhotos(COUNT);
  for (const { name, bytes } of photos) {
    await mkdir(dirname(join(folder, 'photos', name)), { recursive: true });
    await writeFile(join(folder, 'photos', name), bytes);
  }
  await writeFile(join(folder, 'photos', 'clip.mp4'), 'no photo by its name');
  outcome = await protect(...COMMAND(), '--review', '--json');
  result = JSON.parse(outcome.stdout);
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

const COMMAND = (): string[] => [
  join(folder, 'photos'),
  ...['--policy', join(folder, 'policy.json'), '--out', join(folder, 'out'), '--tar', '0.5', '--quick'],
];

const namesOf = (some: readonly MixedPhoto[]): string[] => some.map(({ name }) => name).sort();

/** Where a photo is written: what is neither JPEG nor PNG gets another ending. */
const writtenAs = (name: string): string => (/\.(webp|tif|gif)$/.test(name) ? `${name}.png` : name);

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('a folder of mixed photos', () => {
  test('runs through: every photo is written or named, and nothing else is', async () => {
    expect(outcome.status).toBe(2);
    const whole = photos.filter(({ isPhoto }) => isPhoto);
    expect(result.receipts.map(({ input }) => input.name).sort()).toEqual(namesOf(whole));
    expect(result.failed.map(({ photo }) => photo).sort()).toEqual(namesOf(photos.filter(({ isPhoto }) => !isPhoto)));
    for (const { photo, problem } of result.failed) expect(problem).toContain(basename(photo));
    const written = (await filesBelow(join(folder, 'out'))).sort();
    expect(written).toEqual(whole.map(({ name }) => join(folder, 'out', writtenAs(name))).sort());
    expect(outcome.stderr).toContain('left out: clip.mp4');
  });

  test('leaves the originals as they were', async () => {
    for (const { name, bytes } of photos)
      expect((await readFile(join(folder, 'photos', name))).equals(bytes)).toBe(true);
  });

  test('writes nothing of the originals’ metadata, by the word of other readers and of a search', async () => {
    for (const path of await filesBelow(join(folder, 'out'))) {
      const bytes = await readFile(path);
      expect({ path, isPlanted: bytes.includes(PLANTED) }).toEqual({ path, isPlanted: false });
      expect(await exifr.gps(bytes).catch(() => undefined)).toBeUndefined();
      expect(await exifr.thumbnail(bytes).catch(() => undefined)).toBeUndefined();
      const { exif, iptc, icc, xmp, orientation, comments, space, depth } = await sharp(bytes).metadata();
      expect({ exif, iptc, icc, orientation, space, depth }).toEqual({ space: 'srgb', depth: 'uchar' });
      expect(comments?.filter(({ keyword }) => !/^(faceward|XML:com.adobe.xmp)/.test(keyword)) ?? []).toEqual([]);
      const packet = xmp?.toString() ?? '';
      expect(packet === '' || packet.includes('xmp:CreatorTool="Faceward"')).toBe(true);
    }
  });

  test('turns photos upright and finds in them what is in others of that sample', () => {
    const sizes = new Map<number, string>();
    const counts = new Map<number, Set<number>>();
    for (const photo of photos.filter(({ sample, name }) => sample !== undefined && !/photo \d+\.png$/.test(name))) {
      const receipt = result.receipts.find(({ input }) => input.name === photo.name);
      const size = `${receipt?.output?.widthPx}x${receipt?.output?.heightPx}`;
      const sample = photo.sample ?? 0;
      expect({ name: photo.name, size }).toEqual({ name: photo.name, size: sizes.get(sample) ?? size });
      sizes.set(sample, size);
      counts.set(sample, (counts.get(sample) ?? new Set()).add(receipt?.faces.length ?? 0));
    }
    // A face at the detector's limit may be found in one of them and not in another; none loses them all.
    for (const count of counts.values()) expect(Math.min(...count)).toBeGreaterThan(0);
  });

  test('treats each face by the policy, marks what it edits, and says what it does not hide', async () => {
    const actions = new Set<string>();
    for (const { input, faces, verdict, output } of result.receipts) {
      const expected = input.name.endsWith('.png') ? 'keep' : 'attributes';
      expect(faces.map(({ action }) => action)).toEqual(faces.map((_, i) => (i === 0 ? expected : 'hide')));
      const bytes = await readFile(join(folder, 'out', dirname(input.name), output?.name ?? ''));
      const isEdited = faces.some(({ action }) => action === 'attributes');
      expect(readProvenance(bytes)?.kind).toBe(isEdited ? 'edited' : undefined);
      for (const action of readProtection(bytes)?.actions ?? []) actions.add(action);
      if (faces.length === 0) expect(verdict).toBe('untested');
      for (const { attributes } of faces) {
        for (const { similarity, limit } of attributes?.matches ?? []) expect(similarity).toBeGreaterThanOrEqual(limit);
        const hidden = attributes?.goals.filter(({ role }) => role === 'hidden').map(({ attribute }) => attribute);
        if (attributes) expect(hidden).toEqual(['Male', 'Eyeglasses']);
      }
    }
    expect([...actions].sort()).toEqual(['attributes', 'hide', 'keep']);
  });

  test('keeps receipts apart from what is published, for the owner alone, and the secret out of them', async () => {
    const receipts = await filesBelow(join(folder, 'out.receipts'));
    const secret = (await readFile(join(folder, 'out.receipts', 'secret'), 'utf8')).trim();
    for (const path of receipts) {
      expect({ path, mode: (await stat(path)).mode & 0o777 }).toEqual({ path, mode: 0o600 });
      if (basename(path) !== 'secret') expect((await readFile(path)).includes(secret)).toBe(false);
    }
    expect(receipts.filter((path) => path.endsWith('.receipt.json'))).toHaveLength(result.receipts.length);
    const sheet = await readFile(join(folder, 'out.receipts', 'review.html'), 'utf8');
    for (const { photo } of result.failed) expect(sheet).toContain(photo);
    expect(await readFile(join(folder, 'out.receipts', 'receipts.html'), 'utf8')).not.toContain('data:image');
  });

  test('is left alone when resumed, but for what is missing', { timeout: PATIENCE_MS }, async () => {
    const before = await fingerprints(join(folder, 'out'));
    const [first] = result.receipts;
    const lost = join(folder, 'out', dirname(first?.input.name ?? ''), first?.output?.name ?? '');
    await rm(lost);
    const resumed = await protect(...COMMAND(), '--resume', '--json');
    expect(resumed.status).toBe(2);
    // The same secret draws the same for the same photo.
    expect(await fingerprints(join(folder, 'out'))).toEqual(before);
    expect(JSON.parse(resumed.stdout).receipts).toHaveLength(result.receipts.length);
  });
});

test('a face of which the budget lets nothing be changed carries the mark that every other has', {
  timeout: PATIENCE_MS,
}, async () => {
  const photo = photos[0]?.name ?? '';
  const words = ['--hide', 'sex', '--tar', '0.9999999', '--quick', '--json', '--out', join(folder, 'unchanged')];
  const { stdout } = await protect(join(folder, 'photos', photo), ...words);
  const receipts: readonly Receipt[] = JSON.parse(stdout).receipts;
  // Without the mark, a photo would tell that its draw was far from the face; with it, nothing.
  expect(receipts.flatMap(({ faces }) => faces.map(({ attributes }) => attributes?.strength))).toContain(0);
  const bytes = await readFile(join(folder, 'unchanged', basename(photo)));
  expect(readProvenance(bytes)).toEqual(await editedProvenance());
  expect(readProtection(bytes)?.actions).toEqual(['attributes']);
});

/** What a photo says whose face was changed. */
async function editedProvenance(): Promise<unknown> {
  const edited = result.receipts.find(({ faces }) => faces.some(({ attributes }) => (attributes?.strength ?? 0) > 0));
  const name = join(folder, 'out', dirname(edited?.input.name ?? ''), edited?.output?.name ?? '');
  return readProvenance(await readFile(name));
}

async function fingerprints(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const path of (await filesBelow(root)).sort())
    found.set(
      path,
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
  return found;
}

describe('is refused before anything is written:', () => {
  const PHOTO = () => join(folder, 'photos', photos[0]?.name ?? '');

  test.each<[string, () => string[], RegExp]>([
    ['a fixed flip as a way of hiding', () => ['--hide', 'sex=1'], /hides nothing[\s\S]*--edit sex=1/],
    ['what the editor does not know', () => ['--hide', 'skin'], /cannot hide skin/],
    ['nothing at all', () => [], /nothing is said of what to hide/],
    ['a share of one', () => ['--hide', 'sex', '--tar', '1'], /no share below 1/],
    ['receipts that would be published', () => ['--hide', 'sex', '--receipts', join(folder, 'new', 'r')], /published/],
    [
      'receipts that would take the places of others',
      () => ['--hide', 'sex', '--receipts', join(folder, 'out.receipts')],
      /holds the receipts of the photos in \S+out, not of/,
    ],
    ['a policy that is none', () => ['--policy', join(folder, 'editor.onnx')], /no JSON/],
  ])('%s', async (_, words, message) => {
    const { status, stderr } = await protect(PHOTO(), '--out', join(folder, 'new'), ...words());
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(await stat(join(folder, 'new')).catch(() => undefined)).toBeUndefined();
  });

  test('a file that is there and not ours; and two photos of one name', { timeout: PATIENCE_MS }, async () => {
    const out = join(folder, 'taken');
    await mkdir(out, { recursive: true });
    await writeFile(join(out, basename(PHOTO())), 'mine');
    const { status, stderr } = await protect(PHOTO(), PHOTO(), '--hide', 'sex', '--quick', '--out', out);
    expect(status).toBe(2);
    expect(stderr).toContain('is there already');
    expect(await readFile(join(out, basename(PHOTO())), 'utf8')).toBe('mine');
  });

  test('nothing, when rehearsed', { timeout: PATIENCE_MS }, async () => {
    const { status, stdout } = await protect(PHOTO(), '--hide', 'sex', '--dry-run', '--out', join(folder, 'dry'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/photo 0\.jpg -> .*: face 1: attributes/);
    expect(await readdir(folder)).not.toContain('dry');
    expect(await readdir(folder)).not.toContain('dry.receipts');
  });
});
