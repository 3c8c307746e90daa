import { type Rate, wilson } from '../../metric/intervals.ts';
import type { AttributeGoal, AttributeReading } from './attribute-receipt.ts';
import type { Receipt } from './receipt.ts';
import type { TransformationName } from './transformations.ts';

/** What one judge reads of one hidden attribute over all faces, after one transformation. */
export interface LeakageRow {
  readonly attribute: string;
  readonly judge: string;
  readonly transformation: TransformationName;
  /** Share of the faces of which it reads the same as of the clean photo. */
  readonly agreement: Rate;
  /** What that share is where the reading is drawn from the population; undefined where it was pushed to the middle. */
  readonly chance: number | undefined;
}

/** Sums up how often judges still read what the clean faces show, for each hidden attribute: what an attacker gains who uses them. */
export function summariseLeakage(receipts: readonly Receipt[]): LeakageRow[] {
  const readings = receipts.flatMap(({ faces }) =>
    faces.flatMap(({ attributes }) =>
      (attributes?.readings ?? [])
        .filter(({ role }) => role === 'hidden')
        .map((reading) => ({
          ...reading,
          chance: chanceOf(
            reading,
            attributes?.goals.find(({ attribute }) => attribute === reading.attribute),
          ),
        })),
    ),
  );
  const groups = Map.groupBy(readings, ({ attribute, judge, transformation }) =>
    [attribute, judge, transformation].join('\n'),
  );
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const { attribute, judge, transformation } = first;
    const same = own.filter(({ before, after }) => before > 0.5 === after > 0.5).length;
    const chances = own.flatMap(({ chance }) => chance ?? []);
    const chance = chances.length === own.length ? chances.reduce((sum, one) => sum + one, 0) / own.length : undefined;
    return [{ attribute, judge, transformation, agreement: wilson(same, own.length), chance }];
  });
}

/** The chance that a draw agrees with what this judge reads of the clean photo: a goal has that of the editor's own reader, which may read the other thing. */
function chanceOf({ before }: AttributeReading, goal: AttributeGoal | undefined): number | undefined {
  if (goal === undefined || goal.chance === null) return undefined;
  return before > 0.5 === goal.before > 0 ? goal.chance : 1 - goal.chance;
}
