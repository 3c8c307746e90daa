import { CapabilityError } from '../../../util/errors.ts';
import type { PhysicalAttack } from './physical-attack.ts';
import { eyeglassFrames, lips, makeUp, type PatchPlace, patch } from './regions.ts';
import { simulateWorn } from './simulation.ts';
import type { WornRule } from './wearer.ts';
import { coveringMedium, tintingMedium } from './worn-face.ts';

/** The most that make-up changes a pixel value. */
const MAKE_UP_BOUND = 40 / 255;

const PRINTED = { slips: true, printabilityWeight: 0.05, medium: coveringMedium } as const;

/** A patch at a place of one's choice. @throws InputError where that is not within the face. */
export const patchAttack = (place: PatchPlace): PhysicalAttack =>
  worn(
    typeof place === 'string' ? `patch-${place}` : 'patch',
    'A patch of any colours, optimised over random views of the face (Brown et al. 2017; Athalye et al. 2018).',
    { ...PRINTED, region: patch(place), control: { colour: [128, 128, 128] } },
  );

/** Every physical attack; a new one is its region and an entry here. */
export const PHYSICAL_ATTACKS: readonly PhysicalAttack[] = [
  worn(
    'eyeglass-frames',
    'Eyeglass frames of any colours, optimised over random views of the face (Sharif et al. 2016).',
    { ...PRINTED, region: eyeglassFrames, control: { colour: [16, 16, 16] } },
  ),
  patchAttack('forehead'),
  patchAttack('nose'),
  worn(
    'make-up',
    'A smooth tint of lips, eyelids and cheeks, by at most 40 of 255 levels, optimised over random views of the face (after Guetta et al. 2021).',
    {
      region: makeUp,
      medium: (sizePx) => tintingMedium(sizePx, MAKE_UP_BOUND),
      control: { colour: [180, 30, 50], region: lips },
      slips: false,
      printabilityWeight: 0,
    },
  ),
];

function worn(name: string, description: string, rule: WornRule): PhysicalAttack {
  return {
    name,
    needs: ['gradient'],
    description,
    region: rule.region,
    async simulate(task, { gradient }, options) {
      if (!gradient) {
        throw new CapabilityError(
          `the attack "${name}" needs the gradient of an encoder: its own weights as .onnx, or a surrogate’s`,
        );
      }
      return simulateWorn(rule, task, gradient, options);
    },
  };
}
