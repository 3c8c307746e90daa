import { CapabilityError } from '../../util/errors.ts';
import type { EvasionAttack, EvasionNeed, EvasionOptions, EvasionResources } from './attack.ts';
import { bisectBudget } from './bisection.ts';
import { carliniWagner } from './carlini-wagner.ts';
import { type IterativeRule, iterate } from './iterative.ts';
import { cutoutLook, diverseLook, smoothGradient } from './transforms.ts';

/** An attack by the gradient, within a budget. */
function byGradient(name: string, description: string, rule: IterativeRule): EvasionAttack {
  const attack: EvasionAttack = {
    name,
    needs: ['gradient'],
    norms: ['linf', 'l2'],
    description,
    perturb: async (task, epsilons, resources, options) =>
      iterate(rule, task, epsilons, need(resources, 'gradient', attack, options), options),
    smallest: async (task, resources, options) => {
      const gradient = need(resources, 'gradient', attack, options);
      return bisectBudget(task, gradient, options, (part, epsilons) =>
        iterate(rule, part, epsilons, gradient, { ...options, onProgress: () => undefined }),
      );
    },
  };
  return attack;
}

/** RobFR's number of steps, and their length: together one and a half times the budget. */
const TWENTY = { steps: 20, stepShare: 1.5 / 20 } as const;

const cw: EvasionAttack = {
  name: 'CW',
  needs: ['gradient'],
  norms: ['l2'],
  description:
    'Carlini and Wagner: minimises the perturbation itself beside what is missing to the threshold (2017, with RobFR’s settings).',
  smallest: async (task, resources, options) => carliniWagner(task, need(resources, 'gradient', cw, options), options),
};

/** Every evasion attack; a new one is its file and a line here. */
export const EVASION_ATTACKS: readonly EvasionAttack[] = [
  byGradient('FGSM', 'One step along the sign of the gradient (Goodfellow et al. 2015).', { steps: 1, stepShare: 1 }),
  byGradient(
    'BIM',
    'Twenty small steps, each brought back into the budget (Kurakin et al. 2017, with RobFR’s steps).',
    TWENTY,
  ),
  byGradient('PGD', 'Forty steps of a quarter of the budget from a random start (Madry et al. 2018).', {
    steps: 40,
    stepShare: 0.25,
    randomStart: true,
  }),
  byGradient('MIM', 'BIM with momentum (Dong et al. 2018).', { ...TWENTY, momentum: 1 }),
  byGradient('DI-MIM', 'MIM that sees the face resized and padded at random at each step (Xie et al. 2019).', {
    ...TWENTY,
    momentum: 1,
    look: diverseLook,
  }),
  byGradient('TI-MIM', 'MIM along the smoothed gradient, which stands for shifted faces (Dong et al. 2019).', {
    ...TWENTY,
    momentum: 1,
    smooth: smoothGradient,
  }),
  byGradient('LGC-MIM', 'MIM that does not see some landmarks at each step (Yang et al. 2020).', {
    ...TWENTY,
    momentum: 1,
    look: cutoutLook,
  }),
  cw,
];

function need<K extends EvasionNeed>(
  resources: EvasionResources,
  name: K,
  attack: EvasionAttack,
  { norm }: EvasionOptions,
): NonNullable<EvasionResources[K]> {
  const resource = resources[name];
  if (resource === undefined)
    throw new CapabilityError(`the attack "${attack.name}" needs ${WANTED[name]}, and the target has none`);
  if (!attack.norms.includes(norm)) {
    throw new CapabilityError(`the attack "${attack.name}" knows no norm ${norm}`, {
      hint: `it takes ${attack.norms.join(' or ')}`,
    });
  }
  return resource;
}

const WANTED: Readonly<Record<EvasionNeed, string>> = {
  gradient: 'the gradient of an encoder: its own weights as .onnx, or a surrogate’s',
};
