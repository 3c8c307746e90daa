import { PROTECTED } from '../audit/attributes/protection.ts';
import { formatCount, formatPeople } from '../audit/figures.ts';
import type { Curve, Findings } from '../audit/findings.ts';
import { decidingPresentations } from '../audit/liveness/decide.ts';
import { blindness } from '../audit/verdict.ts';

/** The leakage at which a budget counts as enough. */
export const BUDGET_LEVEL = 0.1;

/** One thing to do, and why or how. */
export interface Advice {
  readonly action: string;
  readonly reason: string;
}

/** What the owner should do, most urgent first; each follows from something in the findings. */
export function recommend(findings: Findings): Advice[] {
  if (findings.audit === 'attributes') return recommendOnAttributes(findings);
  if (findings.audit === 'training') return recommendOnTraining(findings);
  if (findings.audit === 'liveness') return recommendOnLiveness(findings);
  switch (findings.verdict) {
    case 'leaks':
      return againstLeak(findings);
    case 'leaks-little':
      return [
        {
          action: 'Keep templates encrypted all the same.',
          reason: 'These attacks found little; others may find more.',
        },
        { action: 'Run this audit again', reason: 'whenever the encoder, its threshold or its training data change.' },
        ...whiteBoxGap(findings),
      ];
    case 'fooled':
      return againstFooling(findings);
    case 'withstood':
      return [
        { action: 'Run this audit again', reason: 'whenever the encoder, its threshold or its defences change.' },
        {
          action: 'Try more attacks and more surrogates:',
          reason: '--attacks, --query-attacks and --surrogate take others; an attacker will.',
        },
      ];
    case 'inconclusive':
      return findings.audit === 'robustness' ? againstRobustnessDoubt(findings) : againstDoubt(findings);
  }
}

function recommendOnTraining({ verdict, membership = [], controls, selfTests = [] }: Findings): Advice[] {
  const again = { action: 'Run this audit again', reason: 'whenever the model is trained anew.' };
  const holdOut = {
    action: 'Hold some photos of each person out of the next training',
    reason: 'and give them with --held-out: without them nobody can say whether it can be told who was trained on.',
  };
  const unmeasured = membership.length === 0 ? [holdOut] : [];
  if (verdict === 'inconclusive') {
    return [
      [...controls, ...selfTests].some(({ held }) => !held)
        ? { action: 'Find out why a control did not hold.', reason: 'It is marked below.' }
        : { action: 'Audit more people:', reason: '--people, --seeds and --held-out narrow the intervals.' },
      ...unmeasured,
      { action: 'Take it as if it leaked.', reason: 'An inconclusive audit clears nobody.' },
    ];
  }
  if (verdict !== 'leaks') return [again, ...unmeasured];
  return [
    {
      action: 'Do not hand the model out,',
      reason: 'or only to those who may have its training photos; answer labels alone where an interface will do.',
    },
    {
      action: 'Train it anew with a masking, or with differential privacy,',
      reason: 'as faceward train encoder --masking does, and compare: what it gives away, and what it costs.',
    },
    ...unmeasured,
    again,
  ];
}

function recommendOnLiveness({ verdict, controls, selfTests = [], species = [], rates }: Findings): Advice[] {
  const again = { action: 'Run this audit again', reason: 'whenever a check, a threshold or the matcher changes.' };
  if (verdict === 'inconclusive') {
    return [
      [...controls, ...selfTests].some(({ held }) => !held)
        ? { action: 'Find out why a control did not hold.', reason: 'It is marked below.' }
        : {
            action: 'Try more:',
            reason: '--attempts narrows the intervals, --people with more people widens what they hold for.',
          },
      { action: 'Take it as if it could be fooled.', reason: 'An inconclusive audit clears nobody.' },
    ];
  }
  if (verdict !== 'fooled') return [again];
  const [worst] = decidingPresentations(rates);
  const instrument = species.find(({ name }) => name === worst?.attack)?.instrument;
  return [
    instrument === 'injection'
      ? {
          action: 'Make it hard to hand frames in past the camera:',
          reason:
            'an app that attests its device and camera, not a page in a browser. No check of pictures alone makes up for that.',
        }
      : {
          action: 'Look at the matrix below for the check that stops the worst species,',
          reason: 'and give it more weight, or require it.',
        },
    {
      action: 'Ask for a second proof where it matters:',
      reason: 'a document that is read by its chip, or a person who looks. A face alone should not move money.',
    },
    {
      action: 'Limit attempts,',
      reason: 'by account and by device: an attack that passes one time in ten passes within an hour otherwise.',
    },
    again,
  ];
}

function recommendOnAttributes({ verdict, leakage = [], selfTests = [] }: Findings): Advice[] {
  const isProtected = leakage.some(({ protection }) => protection === PROTECTED);
  if (verdict === 'inconclusive') {
    return [
      selfTests.some(({ held }) => !held)
        ? { action: 'Find out why a self-test did not hold.', reason: 'It is marked below; more people may be needed.' }
        : { action: 'Audit more people:', reason: '--people, and --data with more of those who have the attributes.' },
      { action: 'Take it as if it leaked.', reason: 'An inconclusive audit clears nobody.' },
    ];
  }
  const again = {
    action: 'Run this audit again',
    reason: isProtected ? 'whenever the protection or its strength changes.' : 'whenever the encoder changes.',
  };
  if (verdict !== 'leaks') return [again];
  return isProtected
    ? [
        {
          action: 'Protect more strongly, or hide the face altogether,',
          reason:
            'where these attributes must not be read. Judge by the attackers that were trained on protected photos.',
        },
        again,
      ]
    : [
        {
          action: 'Treat templates as what they tell:',
          reason:
            'sex, age and the like. Encrypt them, limit who may read them, and name that in your records of processing.',
        },
        {
          action: 'See below what a projection is worth',
          reason: 'before you count on it: attacks that follow no line may still read what it takes out.',
        },
        again,
      ];
}

function againstFooling({ threatCard, costs, rates, queries = [] }: Findings): Advice[] {
  const transferred = rates.some(
    ({ target, perturbation, low }) =>
      target === threatCard.target &&
      perturbation !== undefined &&
      perturbation.madeWith.length > 0 &&
      !perturbation.madeWith.includes(target) &&
      low > BUDGET_LEVEL,
  );
  return [
    {
      action: 'Do not decide by one photo that somebody hands in as a file.',
      reason: 'Take it with your own camera, with a liveness check, where the decision matters.',
    },
    transferred
      ? { action: 'Secrecy does not help alone:', reason: 'photos made with other encoders fool this one too.' }
      : {
          action: 'Keep the weights away from clients.',
          reason: 'What was made with other encoders hardly fools this one; what is made with its own weights does.',
        },
    queries.some(({ low }) => low > BUDGET_LEVEL) && {
      action: 'Limit and watch queries, and answer yes or no alone.',
      reason: 'Attacks that only ask succeed here.',
    },
    costs.length === 0 && {
      action: 'Measure defences:',
      reason: '--defence jpeg:75, smooth:1, pad:0.9 and others; judge them by the attack that knows them.',
    },
  ].filter((advice) => advice !== false);
}

function againstRobustnessDoubt({ controls, selfTests = [] }: Findings): Advice[] {
  const failed = [...controls, ...selfTests].some(({ held }) => !held);
  return [
    failed
      ? {
          action: 'Find out why a control or a self-test did not hold.',
          reason: 'It is marked below; more pairs, more queries, or other attacks may be needed.',
        }
      : { action: 'Audit more pairs:', reason: '--pairs, and --data with more people who have two photos or more.' },
    { action: 'Take it as if it could be fooled.', reason: 'An inconclusive audit clears nobody.' },
  ];
}

/** The smallest x of a curve at which the rate reaches {@link BUDGET_LEVEL}; undefined where it never does. */
export function smallestBudget(curve: Curve): number | undefined {
  return curve.points.find((point) => point.y >= BUDGET_LEVEL)?.x;
}

function againstLeak({ threatCard, people, curves }: Findings): Advice[] {
  const worst = people.filter((person) => person.worstDecile && person.successes > 0).length;
  const budget = enoughToLearn(curves);
  return [
    {
      action: 'Treat every template as a photo of the person.',
      reason: 'Encrypt templates at rest with a key kept elsewhere, never log them, erase those no longer needed.',
    },
    threatCard.access !== 'black-box' && {
      action: 'Keep the weights away from clients.',
      reason: 'Embed on your own server where you can: it makes the attack dearer, though not impossible.',
    },
    budget !== undefined && {
      action: 'Limit and watch queries to the encoder.',
      reason: `${budget} were enough for the attack to succeed in 10 % of trials.`,
    },
    worst > 0 && {
      action: `Re-enrol first the ${formatPeople(worst)} who leak most.`,
      reason: 'The leak register below names them.',
    },
    {
      action: 'Require a liveness check',
      reason: 'wherever a face opens a door, so that a rebuilt one does not pass by itself.',
    },
    {
      action: 'Try a stricter threshold or another encoder,',
      reason: 'then audit it and compare with this findings.json as the baseline.',
    },
  ].filter((advice) => advice !== false);
}

function againstDoubt(findings: Findings): Advice[] {
  const audited = findings.provenance.data.find((set) => set.role === 'audited');
  const hasSecondPhotos = audited === undefined || audited.images >= 2 * audited.people;
  return [
    firstDoubt(findings),
    { action: 'Protect the templates as if they leaked.', reason: 'An inconclusive audit clears nobody.' },
    !hasSecondPhotos && {
      action: 'Add a second photo of each person.',
      reason: 'With one alone, only the very photo behind a template can be tested (type-I).',
    },
    ...whiteBoxGap(findings),
  ].filter((advice) => advice !== false);
}

/** What stands in the way of a verdict, and what to do about it. */
function firstDoubt({ controls, rates, threatCard }: Findings): Advice {
  const failed = controls.find((control) => !control.held);
  if (failed?.expected === 'leaks') {
    return {
      action: 'Attack harder, or more people:',
      reason: 'an encoder that was planted to leak was not found. Raise --people, --iterations and --queries.',
    };
  }
  if (failed) {
    return {
      action: 'Find out why a control did not hold.',
      reason: 'It is marked below; the alignment, the threshold or the attack may not fit this encoder.',
    };
  }
  if (blindness({ rates, target: threatCard.target })) {
    return {
      action: 'Find out why the encoder recognises nobody.',
      reason: 'Check size, channels and range of its pixels, the alignment, and how its answers are read.',
    };
  }
  return { action: 'Audit more people:', reason: '--data takes a folder with one folder of photos per person.' };
}

function whiteBoxGap({ threatCard }: Findings): Advice[] {
  if (threatCard.access !== 'black-box') return [];
  return [
    {
      action: 'Audit with the weights too (--mode both),',
      reason: 'if anyone could come by them: a white-box attacker does better.',
    },
  ];
}

/** The smallest number of pairs or queries that a curve shows to be enough, in words. */
function enoughToLearn(curves: readonly Curve[]): string | undefined {
  const [smallest] = curves
    .filter((curve) => curve.x.unit === 'pairs' || curve.x.unit === 'queries')
    .flatMap((curve) => ({ unit: curve.x.unit, budget: smallestBudget(curve) ?? 0 }))
    .filter(({ budget }) => budget > 0)
    .toSorted((a, b) => a.budget - b.budget);
  return smallest && `${formatCount(smallest.budget)} ${smallest.unit}`;
}
