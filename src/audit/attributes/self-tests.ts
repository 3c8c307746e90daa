import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import { attributeLeakage, attributeRule } from '../../metric/attribute-inference.ts';
import { hashString, type Random } from '../../util/random.ts';
import { formatInterval, formatPercent } from '../figures.ts';
import type { Leakage, SelfTest } from '../findings.ts';
import type { AttributeFace } from './faces.ts';
import { labelsOf, leakageRows } from './leakage.ts';
import { ATTRIBUTE_LEVEL } from './level.ts';
import { fits, type ReadingOptions, readAttributes, type Source } from './reading.ts';
import type { Sides } from './sides.ts';

/** Faces that a control learns from, and steps of training: it has to tell much from nothing, not to be good. */
const CONTROL_FACES = 600;
const CONTROL_STEPS = { templates: 200, photos: 60 };

/** Shift of a planted template, as a share of its length. */
const PLANTED_SHIFT = 0.5;

/** Side of the white square of a planted portrait, in pixels. */
const PLANTED_PX = 12;

/** What the self-tests run on. */
export interface SelfTestOptions extends ReadingOptions {
  readonly attacks: readonly AttributeAttack[];
  readonly sources: readonly Source[];
  readonly asked: readonly string[];
  readonly random: Random;
}

/**
 * What must hold of any attack that works, and of any measurement: of each attack on each source
 * - an attribute that was planted is found;
 * - attributes that were dealt out anew among people are not;
 * - a protection that does nothing changes nothing;
 * - a protection that erases the face brings it to chance, though it is trained anew.
 */
export async function selfTests(sides: Sides, options: SelfTestOptions): Promise<SelfTest[]> {
  const tests: SelfTest[] = [];
  const small = { ...sides, train: sides.train.slice(0, CONTROL_FACES) };
  for (const source of options.sources) {
    for (const attack of options.attacks.filter((one) => fits(one, source))) {
      const own = { ...options, steps: CONTROL_STEPS[source.kind] };
      tests.push(
        await planted(attack, source, small, own),
        await shuffled(attack, source, small, own),
        await erased(attack, source, small, own),
      );
    }
  }
  return tests;
}

/** Whether a copy of the test photos, taken for protected ones, gave every figure of the originals again. */
export function nothingChanges(before: readonly Leakage[], after: readonly Leakage[]): SelfTest {
  const figures = (rows: readonly Leakage[]): string =>
    rows
      .map(({ attribute, balancedAccuracy, auc, informationBits }) =>
        [attribute, balancedAccuracy.value, auc.value, informationBits.value].join(),
      )
      .join('; ');
  const name = 'a protection that does nothing changes nothing';
  if (before.length === 0) {
    const sentence =
      'too few of the photos that are read twice have an attribute, or lack it; a commoner one with --others, such as Male, would do';
    return { name, sentence, held: false };
  }
  const held = figures(before) === figures(after);
  return {
    name,
    sentence: held
      ? `all ${before.length} figures are the same`
      : 'photos that were copied as they are gave other figures',
    held,
  };
}

async function planted(
  attack: AttributeAttack,
  source: Source,
  sides: Sides,
  options: SelfTestOptions,
): Promise<SelfTest> {
  const isPlanted = ({ person }: AttributeFace): boolean => hashString(`planted: ${person}`) % 2 === 0;
  const inputOf = (face: AttributeFace): Float32Array =>
    isPlanted(face) ? plant(source.inputOf(face), source, options.random) : source.inputOf(face);
  const read = await readAttributes(
    attack,
    { ...source, inputOf },
    { faces: sides.train, labels: sides.train.map((face) => [isPlanted(face)]) },
    { calibration: sides.calibration, test: sides.test },
    { ...options, key: 'a planted attribute' },
  );
  const column = (scores: readonly Float32Array[]): number[] => scores.map((row) => row[0] ?? 0);
  const rule = attributeRule(column(read.calibration), sides.calibration.map(isPlanted));
  const { balancedAccuracy } = attributeLeakage(
    {
      scores: column(read.test),
      labels: sides.test.map(isPlanted),
      people: sides.test.map(({ person }) => person),
    },
    rule,
    { random: options.random.fork(`planted ${attack.id} ${source.target}`) },
  );
  return {
    name: `a planted attribute is found: ${attack.name} on ${source.target}`,
    sentence: `balanced accuracy ${formatPercent(balancedAccuracy.value)} (${formatInterval(balancedAccuracy)}), where ${source.kind === 'templates' ? 'half of the people have templates that are shifted along one direction' : 'half of the people have a white square in a corner'}`,
    held: balancedAccuracy.low > ATTRIBUTE_LEVEL,
  };
}

function plant(input: Float32Array, { kind }: Source, random: Random): Float32Array {
  const out = input.slice();
  if (kind === 'templates') {
    const length = Math.hypot(...input);
    const direction = random.fork('planted direction').normals(input.length);
    const scale = (PLANTED_SHIFT * length) / Math.hypot(...direction);
    direction.forEach((value, j) => {
      out[j] = (out[j] as number) + scale * value;
    });
    return out;
  }
  const side = Math.sqrt(input.length / 3);
  for (let channel = 0; channel < 3; channel++)
    for (let y = side - PLANTED_PX; y < side; y++)
      out.fill(1, (channel * side + y) * side, (channel * side + y) * side + PLANTED_PX);
  return out;
}

async function shuffled(
  attack: AttributeAttack,
  source: Source,
  sides: Sides,
  options: SelfTestOptions,
): Promise<SelfTest> {
  const random = options.random.fork(`shuffled ${attack.id}`);
  // On every side: labels that are right of the people who fix the threshold, or of those who are judged, could be met by accident along a direction in which faces differ anyway.
  const swapped: Sides = {
    train: withOthersAttributes(sides.train, random.fork('train')),
    calibration: withOthersAttributes(sides.calibration, random.fork('calibration')),
    test: withOthersAttributes(sides.test, random.fork('test')),
  };
  const labels = labelsOf(swapped.train, options.asked);
  const rows = await controlRows(attack, source, swapped, labels, { ...options, key: 'shuffled labels' });
  return chance(`shuffled labels give chance: ${attack.name} on ${source.target}`, rows);
}

/** Each person gets the attributes of another, so that as many have each as before. */
function withOthersAttributes(faces: readonly AttributeFace[], random: Random): AttributeFace[] {
  const first = [...new Map(faces.toReversed().map((face) => [face.person, face])).values()];
  const given = random.shuffle(first.map(({ attributes }) => attributes));
  const byPerson = new Map(first.map(({ person }, i) => [person, given[i]]));
  return faces.map((face) => ({ ...face, attributes: byPerson.get(face.person) ?? face.attributes }));
}

async function erased(
  attack: AttributeAttack,
  source: Source,
  sides: Sides,
  options: SelfTestOptions,
): Promise<SelfTest> {
  // Every face the same: a portrait in one grey; what an encoder makes of it is one template.
  const length = source.inputOf(sides.test[0] as AttributeFace).length;
  const solid = new Float32Array(length).fill(0.5);
  const labels = labelsOf(sides.train, options.asked);
  const blank = { ...source, inputOf: () => solid };
  const rows = await controlRows(attack, blank, sides, labels, { ...options, key: 'erased faces' });
  return chance(`a protection that erases the face gives chance: ${attack.name} on ${source.target}`, rows);
}

async function controlRows(
  attack: AttributeAttack,
  source: Source,
  sides: Sides,
  labels: readonly (readonly boolean[])[],
  options: SelfTestOptions & { readonly key: string },
): Promise<Leakage[]> {
  const { calibration, test } = sides;
  const read = await readAttributes(attack, source, { faces: sides.train, labels }, { calibration, test }, options);
  return leakageRows(
    { faces: calibration, scores: read.calibration },
    { faces: test, scores: read.test },
    {
      source: source.kind,
      target: source.target,
      attack: attack.name,
      protection: options.key,
      adaptive: true,
      transformation: null,
    },
    { attributes: { asked: options.asked, others: [] }, parts: 'all', random: options.random },
  );
}

/** Held where nothing is read above the level of a leak by more than chance. */
function chance(name: string, rows: readonly Leakage[]): SelfTest {
  const [strongest] = rows.toSorted((a, b) => b.balancedAccuracy.low - a.balancedAccuracy.low);
  if (!strongest) return { name, sentence: 'no attribute could be measured', held: false };
  const { attribute, balancedAccuracy } = strongest;
  return {
    name,
    sentence: `at most, balanced accuracy ${formatPercent(balancedAccuracy.value)} (${formatInterval(balancedAccuracy)}), of ${attribute}`,
    held: balancedAccuracy.low <= ATTRIBUTE_LEVEL,
  };
}
