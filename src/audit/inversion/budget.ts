import type { InversionAttack, InversionOptions, InversionResources } from '../../attack/inversion/attack.ts';
import { throwIfAborted } from '../../util/progress.ts';

/** Templates of the trial: one batch of the white-box attacks. */
const TRIAL = 8;

/** Fewest people that are worth attacking: the time may run over for them. */
const FEWEST_PEOPLE = 10;

/**
 * How many people the attacks can invert the templates of in the time that is left: a few templates are inverted and timed. The planted encoders go through
 * the same attacks, and the judges see every picture, so that each person counts three times.
 *
 * @param millisecondsLeft - until the budget is spent.
 */
export async function affordablePeople(
  attacks: readonly InversionAttack[],
  templates: readonly Float32Array[],
  resources: InversionResources,
  options: InversionOptions & { readonly millisecondsLeft: () => number },
): Promise<number> {
  const trial = templates.slice(0, TRIAL);
  const before = options.millisecondsLeft();
  for (const [i, attack] of attacks.entries()) {
    throwIfAborted(options);
    await attack.invert(trial, resources, {
      ...options,
      random: options.random.fork(attack.name),
      onProgress: noReport,
    });
    options.onProgress?.({ stage: 'timing the attacks', done: i + 1, total: attacks.length });
  }
  const left = options.millisecondsLeft();
  const each = (3 * (before - left)) / trial.length;
  const affordable = each > 0 ? Math.floor(left / each) : templates.length;
  return Math.min(templates.length, Math.max(FEWEST_PEOPLE, affordable));
}

const noReport = (): void => undefined;
