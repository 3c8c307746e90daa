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
  /** Of the people who are attacked; settings that were drawn were found on others. */
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
  /** How many of so many attempts get in. */
  readonly accepted: {
    /** With the usual settings, on the people who are attacked: known from the audit. */
    usual(species: AttackSpecies): Share;
    /** With these settings, on the people that settings are chosen on; of none, where the species cannot be made of them. */
    choosing(species: AttackSpecies, settings: ChannelSettings): Promise<Share>;
    /** With these settings, on the people who are attacked. */
    measuring(species: AttackSpecies, settings: ChannelSettings): Promise<Share>;
  };
}

/** So many of so many. */
export interface Share {
  readonly successes: number;
  readonly trials: number;
}

/**
 * Looks for the least costly attack that gets in: species by species in the order of what they take, each with the usual settings, then with some that are drawn from what is the attacker’s own choice; the best
 * of these is measured again, on the people who are attacked. A random search: that it finds nothing proves nothing.
 *
 * @returns undefined where none gets in clearly more often than the level that counts.
 */
export async function findCheapest({
  species: all,
  draws,
  seed,
  accepted,
}: CheapestOptions): Promise<CheapestAttack | undefined> {
  let tried = 0;
  for (const species of all) {
    const found = (share: Share, settings?: ChannelSettings): CheapestAttack | undefined => {
      const rate = clopperPearson(share.successes, share.trials);
      return rate.low > LIVENESS_LEVEL
        ? { species, settings, words: settingsInWords(settings), rate, tried }
        : undefined;
    };
    tried++;
    const usual = found(accepted.usual(species));
    if (usual) return usual;
    const random = new Random(`${seed} cheapest ${species.name}`);
    let best: { readonly settings: ChannelSettings; readonly share: number } | undefined;
    for (const settings of settingsFor(species, draws, random)) {
      const { successes, trials } = await accepted.choosing(species, settings);
      if (trials === 0) break;
      tried++;
      if (successes / trials > (best?.share ?? 0)) best = { settings, share: successes / trials };
    }
    const drawn = best && found(await accepted.measuring(species, best.settings), best.settings);
    if (drawn) return drawn;
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
