import { attributeLeakage, attributeRule } from '../../metric/attribute-inference.ts';
import type { Random } from '../../util/random.ts';
import type { Leakage } from '../findings.ts';
import type { AttributeFace } from './faces.ts';

/** Which attributes are read, in the order of the scores. */
export interface Attributes {
  /** What the audit is about. */
  readonly asked: readonly string[];
  /** What is measured beside it. */
  readonly others: readonly string[];
}

/** Every attribute that is read, those asked for first. */
export const namesOf = ({ asked, others }: Attributes): string[] => [...asked, ...others];

/** The labels of faces, [A] each. */
export const labelsOf = (faces: readonly AttributeFace[], names: readonly string[]): boolean[][] =>
  faces.map(({ attributes }) => names.map((name) => attributes[name] === true));

/** Attributes that part the test people. */
const SUBGROUPS: Readonly<Record<string, readonly [present: string, absent: string]>> = {
  Male: ['men', 'women'],
  Young: ['young', 'not young'],
};

/** Fewest faces with an attribute, and without it, on which a figure is made. */
const FEWEST = 8;

/** What was read, of whom, and by what. */
export interface ReadSide {
  readonly faces: readonly AttributeFace[];
  /** [A] of each face. */
  readonly scores: readonly Float32Array[];
}

/** What stands in every row of one attack. */
export type LeakageOrigin = Pick<
  Leakage,
  'source' | 'target' | 'attack' | 'protection' | 'adaptive' | 'transformation'
>;

/**
 * Rows of how well each attribute is read: the rule of each comes from calibration people. An attribute that too few have, or lack, on either side has no row.
 *
 * @param options.parts - 'all' and each subgroup for the attributes asked for, or 'all' alone.
 */
export function leakageRows(
  calibration: ReadSide,
  test: ReadSide,
  origin: LeakageOrigin,
  options: { readonly attributes: Attributes; readonly parts: 'subgroups' | 'all'; readonly random: Random },
): Leakage[] {
  const { attributes, parts, random } = options;
  return namesOf(attributes).flatMap((attribute, a) => {
    const known = columnOf(calibration, attribute, a);
    if (!isEnough(known.labels)) return [];
    const rule = attributeRule(known.scores, known.labels);
    const asked = attributes.asked.includes(attribute);
    const groups = asked && parts === 'subgroups' ? [null, ...subgroupsBut(attribute)] : [null];
    return groups.flatMap((subgroup) => {
      const column = columnOf(test, attribute, a, subgroup?.holds);
      if (!isEnough(column.labels)) return [];
      const name = subgroup?.name ?? null;
      const own = random.fork(`${attribute} ${name} ${Object.values(origin).join()}`);
      return [{ attribute, asked, ...origin, subgroup: name, ...attributeLeakage(column, rule, { random: own }) }];
    });
  });
}

/** The parts of the test people that are looked at by themselves. */
export const subgroups = (): Subgroup[] => subgroupsBut('');

export interface Subgroup {
  readonly name: string;
  readonly holds: (face: AttributeFace) => boolean;
}

function subgroupsBut(attribute: string): Subgroup[] {
  return Object.entries(SUBGROUPS)
    .filter(([name]) => name !== attribute)
    .flatMap(([by, words]) =>
      [true, false].map((value) => ({
        name: words[value ? 0 : 1],
        holds: ({ attributes }) => attributes[by] === value,
      })),
    );
}

function columnOf(
  { faces, scores }: ReadSide,
  attribute: string,
  a: number,
  holds: (face: AttributeFace) => boolean = () => true,
): { readonly scores: number[]; readonly labels: boolean[]; readonly people: string[] } {
  const rows = faces.flatMap((face, i) => (holds(face) ? [{ face, score: scores[i]?.[a] ?? 0 }] : []));
  return {
    scores: rows.map(({ score }) => score),
    labels: rows.map(({ face }) => face.attributes[attribute] === true),
    people: rows.map(({ face }) => face.person),
  };
}

const isEnough = (labels: readonly boolean[]): boolean =>
  [true, false].every((wanted) => labels.filter((label) => label === wanted).length >= FEWEST);
