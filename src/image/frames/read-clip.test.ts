import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeFfmpeg, fakeVideo, noFfmpeg } from '../../../test/fixtures/ffmpeg.ts';
import { makeFileTree } from '../../../test/fixtures/file-tree.ts';
import { flatImage, wavyImage } from '../../../test/fixtures/image-files.ts';
import { CapabilityError, InputError, InterruptedError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { encodePng } from '../encode.ts';
import { readClip } from './read-clip.ts';

const grey = (level: number, sizePx = 8) => flatImage(sizePx, sizePx, [level, level, level]);
const frames = [1, 2, 3].map((seed) => wavyImage(40, 30, new Random(seed)));

async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const root = await makeFileTree({});
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
  return root;
}

describe('a folder of frames', () => {
  it('is read in the order of its numbers, at the rate that is given', async () => {
    const root = await folderOf({
      '10.png': await encodePng(grey(30)),
      '2.png': await encodePng(grey(20)),
      '1.PNG': await encodePng(grey(10)),
      'notes.txt': 'x',
      '._1.png': 'x',
    });
    const stages: number[] = [];
    const clip = await readClip(root, { framesPerSecond: 12.5, onProgress: ({ done }) => stages.push(done) });
    expect(clip.frames.map(({ data }) => data[0])).toEqual([10, 20, 30]);
    expect(clip.framesPerSecond).toBe(12.5);
    expect(stages).toEqual([1, 2, 3]);
  });

  it('tells its rate itself where it has a clip.json', async () => {
    const json = (content: unknown) => JSON.stringify(content);
    const frame = await encodePng(grey(1));
    const root = await folderOf({
      '1.png': frame,
      'clip.json': json({ schema: 'faceward.clip/1', framesPerSecond: 30 }),
    });
    expect((await readClip(root, { framesPerSecond: 5 })).framesPerSecond).toBe(30);
    for (const damaged of [
      '{',
      '[]',
      json({ framesPerSecond: 30 }),
      json({ schema: 'faceward.clip/1', framesPerSecond: -1 }),
    ]) {
      const folder = await folderOf({ '1.png': frame, 'clip.json': damaged });
      await expect(readClip(folder)).rejects.toThrow(InputError);
    }
  });

  it.each([
    ['empty', {}, /no frames/],
    ['with frames of two sizes', { '1.png': encodePng(grey(1)), '2.png': encodePng(grey(1, 9)) }, /frame 2 has 9x9/],
    ['with a damaged frame', { '1.png': Promise.resolve('no picture') }, /1\.png/],
  ])('is refused %s', async (_, files, message) => {
    const made = await Promise.all(Object.entries(files).map(async ([name, file]) => [name, await file] as const));
    const root = await folderOf(Object.fromEntries(made));
    await expect(readClip(root)).rejects.toThrow(InputError);
    await expect(readClip(root)).rejects.toThrow(message);
  });

  it('is refused where it is too long or too large', async () => {
    const root = await folderOf({ '1.png': await encodePng(grey(1)), '2.png': await encodePng(grey(2)) });
    await expect(readClip(root, { maxFrames: 1 })).rejects.toThrow(/more than 1 frames/);
    await expect(readClip(root, { maxBytes: 300 })).rejects.toThrow(/more than 300 bytes/);
    expect((await readClip(root, { maxFrames: 2, maxBytes: 384 })).frames).toHaveLength(2);
  });

  it('is not read on once it was stopped', async () => {
    const root = await folderOf({ '1.png': await encodePng(grey(1)) });
    await expect(readClip(root, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
  });
});

describe('a video', () => {
  it('is read through ffmpeg, frame by frame', async () => {
    await fakeFfmpeg();
    const root = await folderOf({ 'a clip; rm.mp4': fakeVideo(frames) });
    const done: number[] = [];
    const clip = await readClip(join(root, 'a clip; rm.mp4'), { onProgress: (event) => done.push(event.done) });
    expect(clip).toEqual({ framesPerSecond: 25, frames });
    expect(done).toEqual([1, 2, 3]);
  });

  it('says what to do where there is no ffmpeg', async () => {
    noFfmpeg();
    const root = await folderOf({ 'a.mp4': 'x' });
    const error = await readClip(join(root, 'a.mp4')).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CapabilityError);
    expect(error).toMatchObject({
      message: 'ffmpeg is not installed',
      hint: expect.stringContaining('folder of frames'),
    });
  });

  it('is refused with ffmpeg’s own reason, also where frames came before', async () => {
    await fakeFfmpeg();
    const root = await folderOf({
      'a.mp4': 'no video',
      'b.mp4': fakeVideo(frames, { fails: true }),
      'c.mp4': fakeVideo([]),
    });
    await expect(readClip(join(root, 'a.mp4'))).rejects.toThrow(/Invalid data found/);
    await expect(readClip(join(root, 'b.mp4'))).rejects.toThrow(InputError);
    await expect(readClip(join(root, 'c.mp4'))).rejects.toThrow(/no frames/);
  });

  it('is stopped where it is too long, and on request', async () => {
    await fakeFfmpeg();
    const root = await folderOf({ 'a.mp4': fakeVideo(frames, { hang: true }) });
    const path = join(root, 'a.mp4');
    await expect(readClip(path, { maxFrames: 2 })).rejects.toThrow(/more than 2 frames/);
    const stop = new AbortController();
    await expect(readClip(path, { signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(
      InterruptedError,
    );
  });
});

it.each([0, -1, Number.NaN, 1000])('a rate of %d frames a second is refused', async (framesPerSecond) => {
  await expect(readClip('.', { framesPerSecond })).rejects.toThrow(InputError);
});

it('what is not there, or no file, is refused', async () => {
  const root = await folderOf({});
  await mkdir(join(root, 'empty'));
  await expect(readClip(join(root, 'none'))).rejects.toThrow(/no such file or folder/);
  await expect(readClip('/dev/null')).rejects.toThrow(/device/);
});
