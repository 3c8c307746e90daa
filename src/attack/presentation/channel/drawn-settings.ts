import type { RandomNumbers } from '../../../util/random.ts';
import type { ChannelParameter } from './parameters.ts';

/**
 * Draws a value for each setting: from the usual one towards either bound, rarely all the way, since what is usual is so for a reason.
 *
 * @returns by group and setting, as a channel's settings have them.
 */
export function drawnSettings(
  parameters: readonly ChannelParameter[],
  random: RandomNumbers,
): Record<string, Record<string, number>> {
  const settings: Record<string, Record<string, number>> = {};
  for (const { name, group, low, usual, high } of parameters) {
    const own = random.fork(name);
    const bound = own.uniform() < 0.5 ? low : high;
    const value = usual + (bound - usual) * own.uniform() ** 2;
    settings[group] = { ...settings[group], [name.slice(group.length + 1)]: value };
  }
  return settings;
}
