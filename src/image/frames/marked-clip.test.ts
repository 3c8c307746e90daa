import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeFfmpeg, noFfmpeg } from '../../../test/fixtures/ffmpeg.ts';
import { makeFileTree } from '../../../test/fixtures/file-tree.ts';
import { wavyImage } from '../../../test/fixtures/image-files.ts';
import { CapabilityError, InputError, InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import type { Image } from '../image.ts';
import { readProvenance } from '../mark.ts';
import { findPayload } from '../payload.ts';
import { cropImage } from '../resize.ts';
import { writeMarkedClip } from './marked-clip.ts';
import { frameMarker } from './marked-frame.ts';
import { readClip } from './read-clip.ts';

const clip = { framesPerSecond: 30, frames: [1, 2, 3].map((seed) => wavyImage(128, 128, new Random(seed))) };
const mark = {
  provenance: { kind: 'animated', method: 'warp', detail: 'driver d0' },
  payload: { runId: 123456789, species: 9 },
} as const;

/** Every word by which someone might hope to be rid of the mark. */
const HOPES: object = {
  mark: false,
  marked: false,
  banner: false,
  band: false,
  payload: false,
  sidecar: false,
  unmarked: true,
  raw: true,
  force: true,
  overwrite: true,
};

function expectMarked(frames: readonly Image[]): void {
  expect(frames).toHaveLength(clip.frames.length);
  frames.forEach((frame, i) => {
    expect(findPayload(frame)).toEqual(mark.payload);
    const source = clip.frames[i] ?? frame;
    const { layout, markFrame } = frameMarker(source, mark);
    const height = layout.heightPx - layout.pictureHeightPx;
    const bandOf = (image: Image) =>
      cropImage(image, { x: 0, y: layout.pictureHeightPx, width: layout.widthPx, height }).data;
    const [band, wanted] = [bandOf(frame), bandOf(markFrame(source))];
    const off = band.reduce((sum, value, at) => sum + Math.abs(value - (wanted[at] ?? 0)), 0);
    expect(off / band.length).toBeLessThan(6);
  });
}

describe('writeMarkedClip', () => {
  it.each(['png', 'jpeg'] as const)('writes a folder of %s frames that are all marked', async (frameFormat) => {
    const target = join(await makeFileTree({}), 'new', 'clip');
    const done: number[] = [];
    await writeMarkedClip(clip, target, mark, { ...HOPES, frameFormat, onProgress: (event) => done.push(event.done) });
    const ending = frameFormat === 'jpeg' ? 'jpg' : 'png';
    expect(await readdir(target)).toEqual([`0001.${ending}`, `0002.${ending}`, `0003.${ending}`, 'clip.json']);
    const read = await readClip(target);
    expect(read.framesPerSecond).toBe(30);
    expectMarked(read.frames);
    for (const name of (await readdir(target)).slice(0, 3)) {
      expect(readProvenance(await readFile(join(target, name)))).toEqual(mark.provenance);
    }
    expect(done).toEqual([1, 2, 3]);
    expect(await readdir(join(target, '..'))).toEqual(['clip']);
    expect(JSON.parse(await readFile(join(target, 'clip.json'), 'utf8'))).toEqual({
      schema: 'faceward.clip/1',
      synthetic: true,
      digitalSourceType: 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
      ...mark.provenance,
      ...mark.payload,
      framesPerSecond: 30,
      widthPx: 128,
      heightPx: 144,
      pictureHeightPx: 128,
      frames: [0, 1000 / 30, 2000 / 30].map((timeMs, i) => ({ timeMs, file: `000${i + 1}.${ending}` })),
    });
  });

  it.each(['mp4', 'mov', 'mkv', 'webm'])('feeds ffmpeg marked frames only, for .%s', async (ending) => {
    await fakeFfmpeg();
    const target = join(await makeFileTree({}), `-i x;y.${ending}`);
    await writeMarkedClip(clip, target, mark, HOPES);
    const { frames } = await readClip(target);
    expectMarked(frames);
    expect((await readdir(join(target, '..'))).sort()).toEqual([`-i x;y.${ending}`, `-i x;y.${ending}.json`]);
    expect(JSON.parse(await readFile(`${target}.json`, 'utf8'))).toMatchObject({ synthetic: true, ...mark.payload });
    const [header = ''] = (await readFile(target, 'latin1')).split('\n', 1);
    expect(header).toContain('"-framerate","30"');
    expect(header).toContain('comment=synthetic face (animated, warp), made by Faceward');
  });

  it('writes over nothing', async () => {
    await fakeFfmpeg();
    const root = await makeFileTree({ 'full/own.txt': 'mine', 'a.mp4': 'mine', 'b.mp4.json': 'mine', file: 'mine' });
    for (const target of ['full', 'a.mp4', 'b.mp4', 'file']) {
      await expect(writeMarkedClip(clip, join(root, target), mark), target).rejects.toThrow(/is there already/);
    }
    expect((await readdir(root)).sort()).toEqual(['a.mp4', 'b.mp4.json', 'file', 'full']);
    expect(await readFile(join(root, 'full/own.txt'), 'utf8')).toBe('mine');
    await mkdir(join(root, 'empty'));
    await writeMarkedClip(clip, join(root, 'empty'), mark);
    expect(await readdir(join(root, 'empty'))).toContain('clip.json');
  });

  it('leaves nothing where it fails or is stopped', async () => {
    await fakeFfmpeg();
    const root = await makeFileTree({});
    const broken = { ...mark, provenance: { kind: 'animated', method: 'broken' } } as const;
    await expect(writeMarkedClip(clip, join(root, 'a.mp4'), broken)).rejects.toThrow(/Unknown encoder/);
    for (const target of ['a.mp4', 'folder']) {
      const stop = new AbortController();
      const options = { signal: stop.signal, onProgress: () => stop.abort() };
      await expect(writeMarkedClip(clip, join(root, target), mark, options)).rejects.toThrow(InterruptedError);
    }
    const outOfRange = { ...mark, payload: { runId: -1, species: 0 } };
    await expect(writeMarkedClip(clip, join(root, 'folder'), outOfRange)).rejects.toThrow(InputError);
    expect(await readdir(root)).toEqual([]);
  });

  it('says what is wrong before anything is written', async () => {
    const root = await makeFileTree({ file: '' });
    await expect(writeMarkedClip({ ...clip, frames: [] }, join(root, 'a'), mark)).rejects.toThrow(/no frames/);
    await expect(writeMarkedClip(clip, join(root, 'a.avi'), mark)).rejects.toThrow(/not written as "\.avi"/);
    await expect(writeMarkedClip(clip, join(root, 'file', 'a'), mark)).rejects.toThrow(InputError);
    const small = { ...clip, frames: [wavyImage(40, 40, new Random(1))] };
    await expect(writeMarkedClip(small, join(root, 'a'), mark)).rejects.toThrow(/too small/);
    noFfmpeg();
    await expect(writeMarkedClip(clip, join(root, 'a.mp4'), mark)).rejects.toThrow(CapabilityError);
    expect(await readdir(root)).toEqual(['file']);
    expect((await stat(join(root, 'file'))).size).toBe(0);
  });
});

describe.skipIf(spawnSync('ffmpeg', ['-version']).status !== 0)('with the ffmpeg that is installed', () => {
  it.each(['mp4', 'webm'])('a marked clip comes back from .%s, its marks and its colours', async (ending) => {
    const target = join(await makeFileTree({}), `clip.${ending}`);
    await writeMarkedClip(clip, target, mark);
    const read = await readClip(target, { framesPerSecond: 30 });
    expectMarked(read.frames);
    const average = ({ data }: Image) => data.reduce((sum, value) => sum + value, 0) / data.length;
    read.frames.forEach((frame, i) => {
      const picture = cropImage(frame, { x: 0, y: 0, width: 128, height: 128 });
      expect(Math.abs(average(picture) - average(clip.frames[i] ?? picture))).toBeLessThan(3);
    });
  });

  it('a playlist is not followed', async () => {
    const root = await makeFileTree({});
    await writeMarkedClip(clip, join(root, 'clip.mp4'), mark);
    const playlist = join(root, 'list.mp4');
    await writeFile(playlist, `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${root}/clip.mp4\n#EXT-X-ENDLIST\n`);
    await expect(readClip(playlist)).rejects.toThrow(InputError);
  });
});

describe('there is no way around the mark', () => {
  const FOLDER = import.meta.dirname;
  /** Everything that src/image/frames/ offers; a new export has to be put here, and among the writers if it is one. */
  const EXPORTS: Readonly<Record<string, readonly string[]>> = {
    'clip.ts': ['frameTimeMs', 'requireClip', 'requireFramesPerSecond'],
    'clip-file.ts': ['CLIP_FILE', 'clipFileText', 'readClipRate'],
    'ffmpeg.ts': ['feedFfmpeg', 'ffmpegOutput', 'throughFfmpeg'],
    'h264.ts': ['throughH264'],
    'marked-clip.ts': ['requireClipTarget', 'writeMarkedClip'],
    'marked-frame.ts': ['frameMarker'],
    'ppm-frames.ts': ['readPpmFrames'],
    'read-clip.ts': ['readClip'],
  };
  const sources = async (folder: string) =>
    Promise.all(
      (await readdir(folder, { recursive: true }))
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
    );

  it('in what is exported', async () => {
    for (const { name } of await sources(FOLDER)) {
      const module: object = await import(join(FOLDER, name));
      expect(Object.keys(module).sort(), name).toEqual([...(EXPORTS[name] ?? [])].sort());
    }
    expect((await sources(FOLDER)).map(({ name }) => name).sort()).toEqual(Object.keys(EXPORTS).sort());
  });

  it('in what writes: one file of the folder does, and its pictures are marked ones', async () => {
    for (const { name, text } of await sources(FOLDER)) {
      const writes = /\b(writeFile|appendFile|createWriteStream|copyFile|openSync|feedFfmpeg\()/.test(text);
      expect(writes, name).toBe(name === 'marked-clip.ts' || name === 'ffmpeg.ts');
      expect(text, name).not.toMatch(/from '\.\.\/(encode|vips|written-format)\.ts'(?<!import type .*)/);
    }
  });

  it('in who feeds ffmpeg: the marked writer alone, in all of src/', async () => {
    const feeders = (await sources(join(FOLDER, '../..'))).filter(({ text }) => /import .*feedFfmpeg/.test(text));
    expect(feeders.map(({ name }) => name.replaceAll('\\', '/'))).toEqual(['image/frames/marked-clip.ts']);
  });

  it('in what goes through ffmpeg in memory: it names no file, and one file of the folder does it', async () => {
    const users = (await sources(join(FOLDER, '../..'))).filter(({ text }) => /import .*throughFfmpeg/.test(text));
    expect(users.map(({ name }) => name.replaceAll('\\', '/'))).toEqual(['image/frames/h264.ts']);
    expect(users[0]?.text).not.toMatch(/file:|node:|'-y'|'-n'/);
  });

  it('in a provenance of any kind, or a payload of zeros', async () => {
    const root = await makeFileTree({});
    const payload = { runId: 0, species: 0 };
    for (const kind of ['reconstructed', 'generated', 'edited', 'animated'] as const) {
      await writeMarkedClip(clip, join(root, kind), { provenance: { kind, method: '' }, payload }, HOPES);
      for (const frame of (await readClip(join(root, kind))).frames) expect(findPayload(frame)).toEqual(payload);
    }
  });
});
