import { drawnSettings } from '../../attack/presentation/channel/drawn-settings.ts';
import { CHANNEL_PARAMETERS, type ChannelParameter } from '../../attack/presentation/channel/parameters.ts';
import type { ChannelSettings } from '../../attack/presentation/channel/settings.ts';
import type { AttackSpecies } from '../../attack/presentation/species.ts';
import { clopperPearson } from '../../metric/exact-interval.ts';
import type { Rate } from '../../metric/intervals.ts';
import { Random } from '../../util/random.ts';
import { LIVENESS_LEVEL } from './decide.ts';

/** The least costly attack that gets in. */
export interface CheapestAttack {
  readonly species: AttackSpecies;
  /** Undefined where the usual ones do. */
  readonly settings: ChannelSettings | undefined;
  /** In words. */
  readonly words: string;
  /** Measured on other people than those it was found on. */
  readonly rate: Rate;
  /** Settings that were tried, of all species up to this one. */
  readonly tried: number;
}

/** How {@link findCheapest} searches. */
export interface CheapestOptions {
  /** In order of what they take, the least first. */
  readonly species: readonly AttackSpecies[];
  /** Settings that are drawn for each species beside the usual ones. */
  readonly draws: number;
  readonly seed: number;
  /** How many of so many attempts with these settings get in: on the people that settings are chosen on, and on those that they are measured on. */
  readonly accepted: {
    choosing(species: AttackSpecies, settings: ChannelSettings | undefined): Promise<Share>;
    measuring(species: AttackSpecies, settings: ChannelSettings | undefined): Promise<Share>;
  };
}

/** So many of so many. */
export interface Share {
  readonly successes: number;
  readonly trials: number;
}

/**
 * Looks for the least costly attack that gets in: species by species in the order of what they take, each with the usual settings and some that are drawn from what is the attacker’s own choice; the best of
 * a species is measured again, on other people. A random search: that it finds nothing proves nothing.
 *
 * @returns undefined where none gets in clearly more often than the level that counts.
 */
export async function findCheapest(options: CheapestOptions): Promise<CheapestAttack | undefined> {
  let tried = 0;
  for (const species of options.species) {
    const random = new Random(`${options.seed} cheapest ${species.name}`);
    const candidates = [undefined, ...settingsFor(species, options.draws, random)];
    let best: { readonly settings: ChannelSettings | undefined; readonly share: number } | undefined;
    for (const settings of candidates) {
      const { successes, trials } = await options.accepted.choosing(species, settings);
      // Made of one person alone, who is not among those that settings are chosen on.
      if (trials === 0) break;
      tried++;
      if (!best || successes / trials > best.share) best = { settings, share: successes / trials };
    }
    if (!best || best.share === 0) continue;
    const { successes, trials } = await options.accepted.measuring(species, best.settings);
    const rate = clopperPearson(successes, trials);
    if (rate.low > LIVENESS_LEVEL)
      return { species, settings: best.settings, words: settingsInWords(best.settings), rate, tried };
  }
  return undefined;
}

/** The parameters that the attacker chooses with this species. */
function parametersOf({ instrument }: AttackSpecies): ChannelParameter[] {
  const groups = instrument === 'injected' ? [] : [instrument, 'hold'];
  return CHANNEL_PARAMETERS.filter(({ group, attackers }) => attackers && groups.includes(group));
}

/** None for what is injected: nothing stands between it and the verification. */
function settingsFor(species: AttackSpecies, draws: number, random: Random): ChannelSettings[] {
  const parameters = parametersOf(species);
  if (parameters.length === 0) return [];
  return Array.from({ length: draws }, (_, draw) => drawnSettings(parameters, random.fork(`draw ${draw}`)));
}

function settingsInWords(settings: ChannelSettings | undefined): string {
  if (!settings) return 'the usual settings';
  const units = new Map(CHANNEL_PARAMETERS.map(({ name, unit }) => [name, unit]));
  return Object.entries(settings)
    .flatMap(([group, own]) =>
      Object.entries(own).map(([key, value]) => {
        const unit = units.get(`${group}.${key}`) ?? '';
        return `${group} ${key} ${Number(Number(value).toPrecision(3))}${unit && ` ${unit}`}`;
      }),
    )
    .join(', ');
}
