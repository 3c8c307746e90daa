import { createAnimator } from '../../attack/presentation/warp/animate.ts';
import {
  type HeadUnrest,
  type Performance,
  performedShare,
  performedTrack,
} from '../../attack/presentation/warp/performed.ts';
import { createRetargeter } from '../../attack/presentation/warp/retarget.ts';
import type { CutHead } from '../../face/head-cut.ts';
import { LANDMARKS, landmarksOfMesh } from '../../face/landmarks68.ts';
import type { Clip } from '../../image/frames/clip.ts';
import { frameTimeMs } from '../../image/frames/clip.ts';
import { Random, type RandomNumbers } from '../../util/random.ts';
import type { RigidPose } from './rigid-pose.ts';
import type { SessionLight } from './session-light.ts';
import { createSimulatedHead, type SimulatedHead } from './simulated-head.ts';

/** How far a head goes when it does what is asked, in radians. */
const POSES: Readonly<Partial<Record<Performance['action'], RigidPose>>> = {
  'turn-left': { yawRadians: 0.42 },
  'turn-right': { yawRadians: -0.42 },
  'raise-chin': { pitchRadians: -0.36 },
  'lower-chin': { pitchRadians: 0.36 },
  'tilt-left': { rollRadians: 0.38 },
  'tilt-right': { rollRadians: -0.38 },
};

/** Unrest of a head that somebody holds still, root mean square: degrees and millimetres, by eye. */
const UNREST = { degrees: 0.6, mm: 2.5 } as const;

/** How somebody holds the head before a session begins, root mean square. */
const REST = { degrees: 2.5, mm: 5, depthMm: 25 } as const;

const radians = (degrees: number): number => (Math.PI / 180) * degrees;

/**
 * A head that does what it is asked to: stands for a person before the camera, where no clip of the person is to be had. Its skin is a photo's, its shape the person's own (drawn by the
 * name, so that all photos of a person have one), its expressions are warped. No lids, no hair that moves: what holds of it need not hold of people.
 *
 * The frames imitate a person and are not marked: they go into a measurement, or through `writeMarkedClip`.
 */
export function simulatedPerson({ image, face }: CutHead, person: string) {
  const head: SimulatedHead = createSimulatedHead(image, face.mesh, { random: new Random(`head of ${person}`) });
  const landmarks = landmarksOfMesh(face.mesh);
  const animator = createAnimator(image, landmarks);
  return {
    head,
    /** The frames of what it does. @param lengthMs - of the clip. @param light - default: the photo's, however the head is turned. */
    perform(
      actions: readonly Performance[],
      framesPerSecond: number,
      lengthMs: number,
      random: Random,
      light?: SessionLight,
    ): Clip {
      const faceOnly = actions.filter(({ action }) => POSES[action] === undefined);
      const track = performedTrack(faceOnly, framesPerSecond, lengthMs);
      const [rest = landmarks] = track.frames;
      const retarget = createRetargeter(landmarks, rest, 'lifted');
      const wanted = new Float64Array(2 * LANDMARKS);
      const poseAt = restlessPose(random);
      const frames = track.frames.map((driver, n) => {
        const timeMs = frameTimeMs(n, framesPerSecond);
        const pose = withActions(poseAt(timeMs), actions, timeMs);
        const seen = light && { light, timeMs };
        if (!faceOnly.some((one) => performedShare(one, timeMs) > 0)) return head.render(pose, image, seen);
        retarget(driver, wanted);
        return head.render(pose, animator.frame(wanted), seen);
      });
      return { framesPerSecond, frames };
    },
  };
}

/** A pose that somebody holds, never quite still. */
function restlessPose(random: RandomNumbers): (timeMs: number) => Required<RigidPose> {
  const angles = [0, 0, 0].map(() => wander(random, radians(REST.degrees), radians(UNREST.degrees)));
  const shifts = [REST.mm, REST.mm, REST.depthMm].map((rest) => wander(random, rest, UNREST.mm));
  return (timeMs) => {
    const [yawRadians, pitchRadians, rollRadians] = angles.map((at) => at(timeMs)) as [number, number, number];
    return {
      ...{ yawRadians, pitchRadians, rollRadians },
      shiftMm: shifts.map((at) => at(timeMs)) as [number, number, number],
    };
  };
}

/** The unrest of a head that somebody holds still, from 0 at the first moment on. */
export function headUnrest(random: RandomNumbers): HeadUnrest {
  const [pitch, yaw, roll] = [0, 0, 0].map(() => wander(random, 0, radians(UNREST.degrees))) as [
    Wander,
    Wander,
    Wander,
  ];
  const since = (at: Wander, timeMs: number): number => at(timeMs) - at(0);
  return (timeMs) => ({ pitch: since(pitch, timeMs), yaw: since(yaw, timeMs), roll: since(roll, timeMs) });
}

type Wander = (timeMs: number) => number;

/** A drawn place, about which it wanders in some seconds. */
function wander(random: RandomNumbers, rest: number, unrest: number): Wander {
  const place = rest * random.normal();
  const waves = [0.11, 0.23, 0.41, 0.83].map((hertz) => ({
    hertz: hertz * (0.8 + 0.4 * random.uniform()),
    phase: 2 * Math.PI * random.uniform(),
  }));
  const height = unrest * Math.sqrt(2 / waves.length);
  return (timeMs) =>
    place +
    height * waves.reduce((sum, { hertz, phase }) => sum + Math.sin((2 * Math.PI * hertz * timeMs) / 1000 + phase), 0);
}

function withActions(pose: Required<RigidPose>, actions: readonly Performance[], timeMs: number): Required<RigidPose> {
  let { yawRadians, pitchRadians, rollRadians } = pose;
  for (const action of actions) {
    const share = performedShare(action, timeMs);
    const asked = POSES[action.action];
    if (share === 0 || !asked) continue;
    yawRadians += share * (asked.yawRadians ?? 0);
    pitchRadians += share * (asked.pitchRadians ?? 0);
    rollRadians += share * (asked.rollRadians ?? 0);
  }
  return { ...pose, yawRadians, pitchRadians, rollRadians };
}
