import type { AttackSpecies } from '../../attack/presentation/species.ts';
import { enrolFrames } from '../../defence/liveness/capture/enrol-frames.ts';
import { measureChecks } from '../../defence/liveness/checks/all-checks.ts';
import type { EnrolledShape } from '../../defence/liveness/geometry/enrolment.ts';
import { type LiveCapture, lookAtClip } from '../../defence/liveness/live-capture.ts';
import type { FaceFrame, PresentationNetwork } from '../../defence/liveness/network/presentation-network.ts';
import { drawChallenge } from '../../defence/liveness/session/challenge.ts';
import { drawFlashes, type Flashes, sessionMs } from '../../defence/liveness/session/flashes.ts';
import { refuseFrames } from '../../defence/liveness/session/frame-validation.ts';
import { alignedFace } from '../../encoder/aligned-face.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { FivePoints } from '../../face/face.ts';
import { trackFace } from '../../face/face-track.ts';
import { fivePointsOf } from '../../face/landmarks.ts';
import { boundsOf } from '../../face/mesh.ts';
import { type Clip, frameTimeMs } from '../../image/frames/clip.ts';
import type { Image } from '../../image/image.ts';
import { cosineSimilarity } from '../../metric/similarity.ts';
import type { FaceSessions } from '../../runtime/bundled-sessions.ts';
import { InputError } from '../../util/errors.ts';
import { Random } from '../../util/random.ts';
import { type Attempt, BONA_FIDE } from './attempt.ts';
import type { LivenessPerson } from './liveness-person.ts';
import { attackPresentation, bonaFidePresentation, type PresentationKit } from './presentations.ts';
import { drawSessionLight } from './session-light.ts';
import { simulatedPerson } from './simulated-person.ts';

/** What attempts are measured with; nothing of it is closed. */
export interface AttemptTools {
  readonly sessions: FaceSessions;
  /** The one that is part of the verification. */
  readonly network?: PresentationNetwork | undefined;
  /** Measured beside it. */
  readonly networks: readonly PresentationNetwork[];
  readonly matchers: readonly Encoder[];
}

/** One presentation to make and to measure. */
export interface AttemptTask {
  /** None: the person. */
  readonly species: AttackSpecies | undefined;
  readonly person: LivenessPerson;
  /** Counted from 0 within species and person. */
  readonly number: number;
}

/** Makes presentations and measures them. */
export interface AttemptMaker {
  /** By all checks: 3 to 6 s of one core, for some 216 frames. */
  measure(task: AttemptTask): Promise<Attempt>;
  /** By the networks alone, which look at single frames: about half a second, of a clip of one frame in two seconds. */
  measureFrames(task: AttemptTask): Promise<Attempt>;
}

/** An answer comes so long after its last frame. */
const UPLOAD_MS = 800;

/** Frames a second of what only networks look at. */
const FEW_FRAMES = 0.5;

/** Makes a maker; enrolments are made once for each person. @param seed - of everything that is drawn. */
export function createAttemptMaker(kit: PresentationKit, tools: AttemptTools, seed: number): AttemptMaker {
  const shapes = new Map<string, Promise<EnrolledShape | undefined>>();
  const templates = new Map<string, Promise<Float32Array>>();
  const randomOf = ({ species, person, number }: AttemptTask): Random =>
    new Random(`${seed} ${species?.name ?? BONA_FIDE} ${person.person} ${number}`);

  const present = async (task: AttemptTask, framesPerSecond: number) => {
    const random = randomOf(task);
    const asked = { challenge: drawChallenge(random.fork('challenge')), flashes: drawFlashes(random.fork('flashes')) };
    const own = { ...kit, framesPerSecond };
    const clip = task.species
      ? await attackPresentation(task.species, task.person, asked, own, random.fork('presentation'))
      : await bonaFidePresentation(task.person, asked, own, random.fork('presentation'));
    return { clip, asked };
  };

  const similaritiesOf = async (person: LivenessPerson, image: Image, points: FivePoints) => {
    const found: Record<string, number> = {};
    for (const matcher of tools.matchers) {
      const enrolled = await once(templates, `${matcher.id} ${person.person}`, () =>
        embedOne(matcher, person.enrolled.image, person.enrolled.face.landmarks),
      );
      found[matcher.id] = cosineSimilarity(await embedOne(matcher, image, points), enrolled);
    }
    return found;
  };

  const blank = ({ species, person, number }: AttemptTask): Attempt => ({
    ...{ species: species?.name ?? BONA_FIDE, person: person.person, attempt: number, refusal: null },
    ...{ checks: {}, networks: {}, marked: false, outcome: null },
    similarities: Object.fromEntries(tools.matchers.map(({ id }) => [id, null])),
  });

  return {
    async measure(task) {
      const { clip, asked } = await present(task, kit.framesPerSecond);
      const seen = await lookAt(clip, asked.flashes, tools);
      if (!seen) return { ...blank(task), refusal: 'no face' };
      const { message, observations, marked, rest } = seen;
      const lastMs = frameTimeMs(clip.frames.length - 1, clip.framesPerSecond);
      const times = { elapsedMs: lastMs + UPLOAD_MS, lengthMs: sessionMs(asked.flashes) };
      const enrolledShape = await once(shapes, task.person.person, () => enrolledShapeOf(task.person, tools.sessions));
      return {
        ...blank(task),
        refusal: refuseFrames(message.frames, times)?.reason ?? null,
        checks: measureChecks({ capture: message, challenge: asked.challenge, observations, enrolledShape }),
        similarities: await similaritiesOf(task.person, rest.image, fivePointsOf(rest.mesh)),
        marked,
      };
    },
    async measureFrames(task) {
      const { clip } = await present(task, FEW_FRAMES);
      const meshes = await trackFace(tools.sessions, clip.frames);
      const seen = meshes.flatMap((mesh, i): FaceFrame[] => {
        const image = clip.frames[i];
        return mesh && image ? [{ image, face: { box: boundsOf(mesh.points) } }] : [];
      });
      const networks: Record<string, number> = {};
      for (const network of seen.length > 0 ? tools.networks : [])
        networks[network.name] = mean(await network.score(seen));
      return { ...blank(task), refusal: seen.length > 0 ? null : 'no face', networks };
    },
  };
}

async function lookAt(clip: Clip, flashes: Flashes, tools: AttemptTools): Promise<LiveCapture | undefined> {
  try {
    return await lookAtClip(clip, tools, { flashes });
  } catch (error) {
    // What shows no face is refused, and no fault of the audit.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Turns to both sides and nods, as an enrolment asks for, of the enrolled photo. */
async function enrolledShapeOf({ person, enrolled }: LivenessPerson, sessions: FaceSessions) {
  const asked = (['turn-left', 'turn-right', 'raise-chin', 'lower-chin'] as const).map((action, i) => ({
    ...{ action, atMs: 500 + 1500 * i, durationMs: 1400 },
  }));
  const random = new Random(`enrolment of ${person}`);
  const light = drawSessionLight([], random.fork('light'));
  const { frames } = simulatedPerson(enrolled, person).perform(asked, 10, 6500, random, light);
  return (await enrolFrames(frames, sessions))?.shape;
}

async function embedOne(encoder: Encoder, image: Image, points: FivePoints): Promise<Float32Array> {
  const [embedding] = await encoder.embed([alignedFace(image, points, encoder.view)]);
  if (!embedding) throw new InputError(`encoder "${encoder.id}" gave no embedding`);
  return embedding;
}

function once<T>(known: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(name) ?? make();
  known.set(name, made);
  return made;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
