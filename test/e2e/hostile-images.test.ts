import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DecodedImage, decodeImage } from '../../src/image/decode.ts';
import { InputError } from '../../src/util/errors.ts';
import { Random } from '../../src/util/random.ts';
import { brokenFiles, type HostileFile, mutated, wholeFiles } from '../fixtures/hostile-images.ts';
import { exifBlock, withJpegSegment } from '../fixtures/image-files.ts';

const SEED = 20_240_601;
const PARALLEL = 8;

let folder = '';
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-hostile-'));
  process.on('unhandledRejection', onUnhandled);
});

afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await rm(folder, { recursive: true, force: true });
});

async function written(files: readonly HostileFile[]): Promise<string[]> {
  return Promise.all(
    files.map(async ({ name, bytes }, i) => {
      const path = join(folder, `${i}-${name}`);
      await writeFile(path, bytes);
      return path;
    }),
  );
}

/** What became of one path: the picture, or whatever was thrown. */
interface Outcome {
  readonly path: string;
  readonly decoded?: DecodedImage;
  readonly error?: unknown;
}

/** Decodes eight at a time, so that errors of one file could leak into another. */
async function decodeAll(paths: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let i = 0; i < paths.length; i += PARALLEL) {
    const batch = paths.slice(i, i + PARALLEL).map((path) =>
      decodeImage(path).then(
        (decoded): Outcome => ({ path, decoded }),
        (error: unknown): Outcome => ({ path, error }),
      ),
    );
    outcomes.push(...(await Promise.all(batch)));
  }
  return outcomes;
}

/** An error as it must be: ours, with the file's name at its start and a hint. */
function isClear({ path, error }: Outcome): boolean {
  return error instanceof InputError && error.message.startsWith(`${path}: `) && (error.hint ?? '') !== '';
}

function isWhole({ image }: DecodedImage): boolean {
  return image.widthPx > 0 && image.data.length === 3 * image.widthPx * image.heightPx;
}

describe('hostile images', () => {
  it('gives 200 clear errors for 200 broken ones, and takes no memory for what they claim', async () => {
    const files = await written(await brokenFiles(new Random(SEED)));
    await mkdir(join(folder, 'folder.jpg'));
    const nowhere = ['missing.jpg', 'folder.jpg', `${'long'.repeat(80)}.jpg`, 'nul\0.jpg'].map((name) =>
      join(folder, name),
    );
    const paths = [...files, ...nowhere];
    const before = process.memoryUsage.rss();
    const outcomes = await decodeAll(paths);
    const grownMebibytes = (process.memoryUsage.rss() - before) / 2 ** 20;
    expect(outcomes.filter((outcome) => !isClear(outcome)).map(({ path, error }) => [path, String(error)])).toEqual([]);
    expect(outcomes.length).toBe(200);
    expect(grownMebibytes).toBeLessThan(300);
    expect(unhandled).toEqual([]);
  });

  it('reads the whole pictures that the broken ones were made of', async () => {
    const outcomes = await decodeAll(await written(await wholeFiles(new Random(SEED))));
    for (const { path, decoded, error } of outcomes) {
      expect(error, path).toBeUndefined();
      expect([decoded?.image.widthPx, decoded?.image.heightPx], path).toEqual([72, path.includes('moving') ? 14 : 56]);
    }
  });

  it('reads a picture whose EXIF block is damaged: the pixels are sound', async () => {
    const jpeg = (await wholeFiles(new Random(SEED)))[0]?.bytes ?? Buffer.alloc(0);
    const blocks = [
      Buffer.from('Exif\0\0II*\0\xff\xff\xff\xff', 'latin1'),
      Buffer.from('Exif\0\0', 'latin1'),
      exifBlock({ orientation: 6, make: 'A', model: 'B', withGps: true }).subarray(0, 30),
      exifBlock({ orientation: 99, make: 'A', model: 'B', withGps: false }),
    ];
    for (const block of blocks) {
      const decoded = await decodeImage(withJpegSegment(jpeg, 0xe1, block));
      expect([decoded.orientation, decoded.image.widthPx, decoded.image.heightPx]).toEqual([1, 72, 56]);
    }
  });

  it('gives a picture or a clear error for 320 files with random bytes changed', async () => {
    const random = new Random(SEED + 1);
    const whole = await wholeFiles(random);
    const files = whole.flatMap((file) => Array.from({ length: 20 }, (_, i) => mutated(file, 1 + (i % 8), random)));
    const outcomes = await decodeAll(await written(files));
    const wrong = outcomes.filter((outcome) => (outcome.decoded ? !isWhole(outcome.decoded) : !isClear(outcome)));
    expect(wrong.map(({ path, error }) => [path, String(error)])).toEqual([]);
    expect(outcomes.some(({ decoded }) => decoded) && outcomes.some(({ error }) => error)).toBe(true);
    expect(unhandled).toEqual([]);
  });
});
