import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fakeFfmpeg, noFfmpeg } from '../../test/fixtures/ffmpeg.ts';
import { SAMPLE_FOLDER } from '../../test/fixtures/originals.ts';
import { tinyReenactorFile, tinySwapFile } from '../../test/fixtures/presentation-networks.ts';
import { ATTACK_SPECIES } from '../attack/presentation/species.ts';
import { motionTrack } from '../attack/presentation/warp/motions.ts';
import type { LivenessPerson } from '../audit/liveness/liveness-person.ts';
import { attackPresentation, bonaFidePresentation, type PresentationKit } from '../audit/liveness/presentations.ts';
import { cutHead } from '../face/head-cut.ts';
import { mainFace } from '../face/main-face.ts';
import { decodeImage } from '../image/decode.ts';
import { encodeJpeg } from '../image/encode.ts';
import { resizeImage } from '../image/resize.ts';
import { CapabilityError, InputError } from '../util/errors.ts';
import { Random } from '../util/random.ts';
import { type PipelineSource, pipelineSource } from './face-source.ts';
import { type LivenessKit, openAttackFiles } from './liveness-kit.ts';
import type { LivenessSides } from './liveness-people.ts';

let folder = '';
let source: PipelineSource;
let sides: LivenessSides;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-kit-'));
  vi.stubEnv('FACEWARD_CACHE', join(folder, 'cache'));
  source = pipelineSource({ device: 'cpu', threads: '1' });
  const { image } = await decodeImage(join(SAMPLE_FOLDER, 'sample6.jpg'));
  const face = mainFace(await (await source.openPipeline()).detect(image), image);
  if (!face) throw new TypeError('the sample has a face');
  const head = cutHead(image, face, 128);
  const person = (name: string): LivenessPerson => ({ person: name, enrolled: head, others: [head] });
  sides = {
    name: 'two',
    calibration: [person('Cleo')],
    test: [person('Ann_Bell')],
    driver: person('Dan'),
    rejected: 0,
  };
  const track = motionTrack('nod', { framesPerSecond: 10, seconds: 1 });
  const lm68 = (points: Float64Array) => Array.from({ length: 68 }, (_, i) => [points[2 * i], points[2 * i + 1]]);
  await mkdir(join(folder, 'tracks'));
  const text = JSON.stringify({ fps: 10, frames: track.frames.map((points) => ({ lm68: lm68(points) })) });
  await writeFile(join(folder, 'tracks/nod.json'), text);
  await mkdir(join(folder, 'clips/one'), { recursive: true });
  const large = resizeImage(image, 512, Math.round((512 * image.heightPx) / image.widthPx));
  for (const name of ['1.jpg', '2.jpg']) await writeFile(join(folder, 'clips/one', name), await encodeJpeg(large));
  await writeFile(join(folder, 'swap.onnx'), await tinySwapFile());
  await writeFile(join(folder, 'reenactor.onnx'), await tinyReenactorFile());
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const open = async (
  files: Parameters<typeof openAttackFiles>[1],
  names?: readonly string[],
): Promise<LivenessKit & AsyncDisposable> => {
  const chosen = ATTACK_SPECIES.filter(({ name }) => names?.includes(name) ?? true);
  const opened = await openAttackFiles(chosen, files, { source, options: { threads: 1 }, job: {} });
  return { ...opened.kitFor(sides), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
};
const leftOf = ({ left }: LivenessKit): Record<string, string> =>
  Object.fromEntries(left.map(({ species, reason }) => [species.name, reason]));

describe('what presentations are made with', () => {
  test('without any file all that needs one is left out, with the reason; the generator comes with Faceward', async () => {
    await using opened = await open({});
    expect(leftOf(opened)).toEqual({
      'screen-clip-warp': expect.stringContaining('--drivers'),
      'inject-clip-warp': expect.stringContaining('--drivers'),
      'inject-clip-reenactment': expect.stringContaining('--reenactor'),
      'inject-reenactment': expect.stringContaining('--reenactor'),
      'inject-swap': expect.stringContaining('--swap'),
    });
    expect(opened.species).toHaveLength(ATTACK_SPECIES.length - 5);
    expect(opened.attacked).toEqual({});
  });

  test('of tracks warps are made, and of clips what a network makes as well', async () => {
    const reenactor = join(folder, 'reenactor.onnx');
    const names = ['inject-clip-warp', 'inject-clip-reenactment'];
    await using tracks = await open({ drivers: join(folder, 'tracks'), reenactor }, names);
    expect(leftOf(tracks)).toEqual({ 'inject-clip-reenactment': expect.stringContaining('no driver shows frames') });
    await using clips = await open({ drivers: `${join(folder, 'tracks')},${join(folder, 'clips')}`, reenactor }, names);
    expect(leftOf(clips)).toEqual({});
    expect(clips.kit.drivers?.map(({ track, film }) => [track.frames.length, film?.frames[0]?.widthPx])).toEqual([
      [10, undefined],
      [2, expect.closeTo(256, -1)],
    ]);
    const species = clips.species.find(({ name }) => name === 'inject-clip-reenactment');
    const [person] = sides.test;
    if (!species || !person) throw new TypeError('both are there');
    const asked = { challenge: [], flashes: [] };
    const { frames } = await attackPresentation(
      species,
      person,
      asked,
      { ...clips.kit, framesPerSecond: 1 },
      new Random(1),
    );
    expect(frames.length).toBeGreaterThan(5);
  });

  test('a swap attacks the person alone whose face it puts on, is left out where he is not among the people, and refused where his side is another', async () => {
    const swap = join(folder, 'swap.onnx');
    await using opened = await open({ swap, 'swap-person': 'ann bell' }, ['inject-swap']);
    expect(opened.attacked).toEqual({ 'inject-swap': 'Ann_Bell' });
    const [species] = opened.species;
    const [person] = sides.test;
    if (!species || !person) throw new TypeError('both are there');
    const asked = { challenge: [], flashes: [] };
    const kit = { ...opened.kit, framesPerSecond: 1 };
    const swapped = await attackPresentation(species, person, asked, kit, new Random(1));
    expect(swapped.frames.length).toBeGreaterThan(5);
    await using other = await open({ swap, 'swap-person': 'Zoe' }, ['inject-swap']);
    expect(leftOf(other)).toEqual({ 'inject-swap': expect.stringContaining('not among those who are attacked') });
    await expect(open({ swap, 'swap-person': 'Cleo' })).rejects.toThrow('Cleo is on the train side');
    await expect(open({ swap })).rejects.toThrow(InputError);
    await expect(open({ 'swap-person': 'Ann_Bell' })).rejects.toThrow(InputError);
  });

  test('whoever a swap was trained upon drives it where a photo is given, and needs a face in it', async () => {
    const swap = { swap: join(folder, 'swap.onnx'), 'swap-person': 'Ann_Bell' };
    await using usual = await open(swap, ['inject-swap']);
    await using own = await open({ ...swap, 'swap-driver': join(SAMPLE_FOLDER, 'sample3.jpg') }, ['inject-swap']);
    const [species] = own.species;
    const [person] = sides.test;
    if (!species || !person) throw new TypeError('both are there');
    const filmed: number[][] = [];
    const kitOf = ({ kit }: LivenessKit): PresentationKit => ({
      ...{ ...kit, framesPerSecond: 1 },
      networks: {
        swap: async (_, driver) => {
          filmed.push([...(driver.frames[0]?.data.subarray(0, 300) ?? [])]);
          return driver;
        },
      },
    });
    for (const opened of [usual, own, own])
      await attackPresentation(species, person, { challenge: [], flashes: [] }, kitOf(opened), new Random(1));
    expect(filmed[1]).not.toEqual(filmed[0]);
    expect(filmed[2]).toEqual(filmed[1]);
    const nobody = join(folder, 'nobody.jpg');
    await writeFile(nobody, await encodeJpeg({ widthPx: 64, heightPx: 64, data: new Uint8Array(3 * 64 * 64) }));
    await expect(open({ ...swap, 'swap-driver': nobody })).rejects.toThrow('shows nobody who looks at the camera');
    await expect(open({ 'swap-driver': nobody })).rejects.toThrow('there is no --swap');
  });

  test('all presentations go through the codec that is named, and what is none is told at once', async () => {
    await fakeFfmpeg();
    await using opened = await open({ codec: 'h264:20' }, ['inject-photo']);
    const [species] = opened.species;
    const [person] = sides.test;
    if (!species || !person) throw new TypeError('both are there');
    const asked = { challenge: [], flashes: [] };
    const kit = { ...opened.kit, framesPerSecond: 1 };
    // As the fake one does it.
    for (const { frames } of [
      await attackPresentation(species, person, asked, kit, new Random(1)),
      await bonaFidePresentation(person, asked, kit, new Random(1)),
    ])
      expect(frames.flatMap(({ data }) => [...data.subarray(0, 300)]).filter((value) => value % 20 > 0)).toEqual([]);
    for (const codec of ['h264', 'vp9:28', 'h264:60', 'blocks:28:1'])
      await expect(open({ codec }, ['inject-photo'])).rejects.toThrow(InputError);
    noFfmpeg();
    await expect(open({ codec: 'h264:28' }, ['inject-photo'])).rejects.toThrow(CapabilityError);
    await using stand = await open({ codec: 'blocks:28' }, ['inject-photo']);
    expect(stand.kit.settings).toEqual({ codec: { kind: 'blocks', quantiser: 28 } });
  });

  test('a folder without drivers is told at once', async () => {
    await expect(open({ drivers: join(folder, 'none') })).rejects.toThrow('cannot be read');
    await mkdir(join(folder, 'empty'));
    await expect(open({ drivers: join(folder, 'empty') })).rejects.toThrow('there is no clip');
    await expect(open({ drivers: join(folder, 'tracks'), 'driver-fps': 'x' })).rejects.toThrow('--driver-fps');
  });
});
