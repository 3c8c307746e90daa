import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaceward } from '../fixtures/command-line.ts';
import { SAMPLE_FOLDER } from '../fixtures/originals.ts';

const PHOTO = join(SAMPLE_FOLDER, 'sample6.jpg');

let folder = '';
let clip = '';

const run = (...words: string[]) =>
  startFaceward([...words, '--threads', '1'], { cache: join(folder, 'cache') }).outcome;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faceward-verify-live-'));
  clip = join(folder, 'clip');
  const made = await run('animate', PHOTO, '--driver', 'shake', '--out', clip, '--seconds', '2', '--fps', '12.5');
  expect([made.status, made.stderr]).toEqual([0, expect.any(String)]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Passes whatever reaches it. */
const lenient = {
  schema: 'faceward.liveness-calibration/1',
  checks: { homography: { slope: 1, offset: 5, limit: 9, bonaFide: 1, attacks: 1, dataset: 'made up' } },
  fusion: { offset: 5, weights: { homography: 1 }, dataset: 'made up' },
  policy: {
    pass: { logLikelihoodRatio: -100, apcer: 1, bpcer: 0, dataset: 'made up' },
    refuse: { logLikelihoodRatio: -100, apcer: 1, bpcer: 0, dataset: 'made up' },
    required: [],
    leastQuality: 0,
  },
};

describe('verify --live', () => {
  test('knows the person in a clip that we made of one photo, and refuses it by our mark, whatever the checks say', async () => {
    const calibration = join(folder, 'calibration.json');
    await writeFile(calibration, JSON.stringify(lenient));
    const { status, stdout } = await run(
      ...['verify', '--live', clip, '--against', PHOTO, '--liveness-calibration', calibration, '--json'],
    );
    const { accepted, decision, liveness } = JSON.parse(stdout);
    expect([status, accepted, decision]).toEqual([0, false, 'match']);
    expect(liveness).toMatchObject({ decision: 'refuse', veto: 'own-mark' });
    expect(liveness.checks.map(({ name }: { name: string }) => name)).toEqual(['homography', 'camera']);
    expect(liveness.audit).toBeNull();
  });

  test('with a token of the owner’s it judges the clip in spite of the mark, and still accepts nobody', async () => {
    const [key, token] = [join(folder, 'keys', 'audit.key'), join(folder, 'token.txt')];
    const issue = async (...words: string[]): Promise<void> => {
      const { status, stdout, stderr } = await startFaceward(
        ['audit', 'token', '--key', key, '--ownership', 'ours, ticket 4711', ...words],
        { cache: join(folder, 'cache') },
      ).outcome;
      expect([status, stderr]).toEqual([0, expect.stringContaining('it holds until')]);
      await writeFile(token, stdout);
    };
    const audited = (...words: string[]) =>
      run(...['verify', '--live', clip, '--against', PHOTO, '--audit-token', token], ...words);
    await issue();
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const [kept, calibration] = [await readFile(key, 'utf8'), join(folder, 'calibration.json')];
    await writeFile(calibration, JSON.stringify(lenient));
    const { accepted, liveness } = JSON.parse(
      (await audited('--key', key, '--liveness-calibration', calibration, '--json')).stdout,
    );
    expect([accepted, liveness.decision, liveness.veto]).toEqual([false, 'pass', null]);
    expect(liveness.audit).toEqual({ ownership: 'ours, ticket 4711' });
    const strict = { ...lenient, policy: { ...lenient.policy, required: ['challenge-followed'] } };
    const asking = join(folder, 'asking.json');
    await writeFile(
      asking,
      JSON.stringify({ ...strict, checks: { ...lenient.checks, 'challenge-followed': lenient.checks.homography } }),
    );
    expect((await audited('--key', key, '--liveness-calibration', asking)).stdout).toMatch(
      /\nliveness: retry: nobody passes without challenge-followed, whose reason stands below/,
    );
    const doubting = join(folder, 'doubting.json');
    await writeFile(
      doubting,
      JSON.stringify({ ...lenient, policy: { ...lenient.policy, leastScores: { homography: 9 } } }),
    );
    expect((await audited('--key', key, '--liveness-calibration', doubting)).stdout).toMatch(
      /\nliveness: step-up: homography is lower than is asked of everybody \(/,
    );
    expect((await audited('--key', key)).stdout).toMatch(/^not accepted\n(.*\n)+an audit, which accepts nobody: ours/);
    expect((await audited()).stderr).toContain('a token is checked by a key');
    await issue('--subjects', 'somebody else');
    expect(await readFile(key, 'utf8')).toBe(kept);
    expect((await audited('--key', key)).stderr).toContain('allows no audit');
  }, 60_000);

  test('decides by what comes along, and refuses our mark', async () => {
    const { stdout } = await run('verify', '--live', clip, '--against', PHOTO);
    expect(stdout).toMatch(/^not accepted\n\nmatch:/);
    expect(stdout).toMatch(/\nliveness: refuse: it bears Faceward’s own mark/);
    expect(stdout).toMatch(/presentation-network +-?\d+\.\d+ /);
  });

  test('a calibration is held to its network, and one that is no name has to be given', async () => {
    const calibration = join(folder, 'other.json');
    await writeFile(calibration, JSON.stringify({ ...lenient, network: 'mine-01234567' }));
    const given = (...words: string[]) =>
      run('verify', '--live', clip, '--against', PHOTO, '--liveness-calibration', calibration, ...words);
    expect((await given()).stderr).toContain('give its file with --network');
    expect((await given('--network', 'human-liveness')).stderr).toContain('does not know human-liveness');
    expect((await given('--network', 'none')).status).toBe(0);
  });

  test('without a calibration for the network it measures, decides nothing and accepts nobody', async () => {
    const { stdout } = await run('verify', '--live', clip, '--against', PHOTO, '--network', 'human-liveness');
    expect(stdout).toMatch(/^not accepted\n\nmatch:/);
    expect(stdout).toMatch(/homography +0\.\d+ /);
    expect(stdout).toMatch(/challenge-followed +does not apply +nothing was asked/);
    expect(stdout).toMatch(/colour-flash +does not apply +no colours were flashed/);
  });

  test.each([
    [['--live', 'CLIP'], 'a clip is compared with one photo'],
    [['--live', 'CLIP', '--against', PHOTO, '--challenge', 'fly@1'], '--challenge fly is unknown'],
    [['--live', 'CLIP', '--against', PHOTO, '--challenge', 'smile'], '--challenge smile is no step'],
    [['--live', 'CLIP', '--against', PHOTO, '--flashes', 'rose@1'], '--flashes rose@1 is no flash'],
    [['--live', 'CLIP', '--against', PHOTO, '--flashes', 'rose/red@1'], '--flashes red is unknown'],
    [['--live', 'CLIP', '--against', PHOTO, '--liveness-calibration', PHOTO], 'is not JSON'],
    [['--live', 'CLIP', '--against', PHOTO, '--network', 'resnet'], 'names no presentation-attack network'],
  ])('%j is bad input', async (words, message) => {
    const { status, stderr } = await run('verify', ...words.map((word) => (word === 'CLIP' ? clip : word)));
    expect(stderr).toContain(message);
    expect(status).toBe(2);
    expect(await readFile(join(clip, 'clip.json'), 'utf8')).toContain('"synthetic": true');
  });
});
