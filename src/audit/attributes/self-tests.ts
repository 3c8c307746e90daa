import type { AttributeAttack } from '../../attack/inference/attribute/attack.ts';
import { hashString, Random } from '../../util/random.ts';
import { formatInterval, formatPercent } from '../figures.ts';
import type { Leakage, SelfTest } from '../findings.ts';
import type { AuditStore } from '../work-folder.ts';
import type { AttributeFace } from './faces.ts';
import { ATTRIBUTE_LEVEL } from './level.ts';
import { originalLeakage } from './original-leakage.ts';
import { adaptiveLeakage, PROTECTED } from './protection.ts';
import { fits, type ReadingOptions, type Source } from './reading.ts';
import type { Sides } from './sides.ts';

/** Faces that a control learns from, and steps of training: it has to tell much from nothing, not to be good. */
const CONTROL_FACES = 600;
const CONTROL_STEPS = { templates: 200, photos: 60 };

/** Shift of a planted template, as a share of its length. */
const PLANTED_SHIFT = 0.7;

/** Side of the white square of a planted portrait, in pixels. */
const PLANTED_PX = 12;

/** Standard errors from chance beyond which luck is no excuse: one control in a thousand, of the two dozen of an audit. */
const STANDARD_ERRORS = 3.29;

/** Standard errors between a figure and the bound of its 95 % interval. */
const TO_BOUND = 1.96;

/** The attribute that is planted: a coin is tossed for each person, and faces know nothing of it. */
const PLANTED = 'a planted coin';

/** Where a face shows that its person's coin fell on heads: a direction of templates, a corner of portraits. */
const MARKS = ['one mark', 'another mark'] as const;
type Mark = (typeof MARKS)[number];

/** What the self-tests run on. */
export interface SelfTestOptions extends ReadingOptions {
  readonly attacks: readonly AttributeAttack[];
  readonly sources: readonly Source[];
  readonly random: Random;
}

/**
 * What must hold of any measurement that works. A coin is tossed for each person; those of heads get a mark. Then, of each attack on each source and by the very functions of the audit:
 * - a planted leak is found: faces with the mark give the coin away. Fails where an attack does not learn, or faces and labels are out of step;
 * - what is not there is not found: faces without a mark, as they are and as what a protection left of marked ones, do not. Fails where a person is on two sides, a threshold is fixed on those
 *   who are judged, intervals are too narrow, or original photos are read for protected ones;
 * - a protection that only moves the mark is seen through by the attack that learns anew. Fails where it does not learn from protected photos.
 */
export async function selfTests(sides: Sides, options: SelfTestOptions): Promise<SelfTest[]> {
  const small = { ...sides, train: sides.train.slice(0, CONTROL_FACES) };
  const tests: SelfTest[] = [];
  for (const source of options.sources) {
    for (const attack of options.attacks.filter((one) => fits(one, source)))
      tests.push(...(await plantedTests(attack, source, small, { ...options, steps: CONTROL_STEPS[source.kind] })));
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

async function plantedTests(
  attack: AttributeAttack,
  source: Source,
  sides: Sides,
  options: SelfTestOptions,
): Promise<SelfTest[]> {
  const planted = plantedIn(source);
  const asOf = (stage: string) => ({
    ...options,
    attributes: { asked: [PLANTED], others: [] },
    store: within(options.store, stage),
  });
  const bare = { ...tossed(sides), transformed: new Map() };
  const moved = { ...tossed(sides, 'another mark'), transformed: new Map() };
  const marked = await originalLeakage(
    attack,
    planted,
    { sides: tossed(sides, 'one mark'), copies: [], protectedFaces: bare },
    asOf('a planted mark'),
  );
  const [before] = marked.leakage.filter(({ protection }) => protection === null);
  const [erased] = marked.leakage.filter(({ protection }) => protection === PROTECTED);
  const [unmarked] = await adaptiveLeakage(attack, planted, bare, asOf('no mark'));
  const [found] = await adaptiveLeakage(attack, planted, moved, asOf('a mark that was moved'));
  const where = `${attack.name} on ${source.target}`;
  return [
    {
      name: `a planted leak is found: ${where}`,
      sentence: `${figure(before)}, where ${MARK_WORDS[source.kind]}`,
      held: before !== undefined && isFound(before),
    },
    {
      name: `what is not there is not found: ${where}`,
      sentence: `${figure(unmarked)} on faces without the mark, by the attack that learnt from such; ${figure(erased)} by the one that learnt from marked faces`,
      held: [unmarked, erased].every((row) => row !== undefined && isChance(row)),
    },
    {
      name: `a protection that only moves a leak is seen through: ${where}`,
      sentence: `${figure(found)}, where the mark is elsewhere and the attack learnt anew`,
      held: found !== undefined && isFound(found),
    },
  ];
}

const MARK_WORDS: Readonly<Record<Source['kind'], string>> = {
  templates: 'half of the people have templates that are shifted along one direction',
  photos: 'half of the people have a white square in a corner',
};

const figure = (row: Leakage | undefined): string =>
  row
    ? `balanced accuracy ${formatPercent(row.balancedAccuracy.value)} (${formatInterval(row.balancedAccuracy)})`
    : 'too few faces to tell';

const isFound = ({ balancedAccuracy }: Leakage): boolean => balancedAccuracy.low > ATTRIBUTE_LEVEL;

/** Whether luck explains it. The figure is mirrored: it is above chance or at it. */
const isChance = ({ balancedAccuracy: { value, low } }: Leakage): boolean =>
  value - (STANDARD_ERRORS / TO_BOUND) * (value - low) <= 0.5;

/** Every person with a coin instead of attributes; the same on whatever side, so that who is on two is found out. */
function tossed({ train, calibration, test }: Sides, mark?: Mark): Sides {
  const toss = (face: AttributeFace): AttributeFace => {
    const isHeads = hashString(`planted: ${face.person}`) % 2 === 0;
    return { ...face, attributes: { [PLANTED]: isHeads, ...(mark && isHeads ? { [mark]: true } : {}) } };
  };
  return { train: train.map(toss), calibration: calibration.map(toss), test: test.map(toss) };
}

/** The source as it is, but for the marks that faces have. */
const plantedIn = (source: Source): Source => ({
  ...source,
  inputOf: (face) => {
    const mark = MARKS.find((one) => face.attributes[one]);
    const input = source.inputOf(face);
    if (mark === undefined) return input;
    return source.kind === 'templates' ? shifted(input, mark) : withSquare(input, mark);
  },
});

function shifted(template: Float32Array, mark: Mark): Float32Array {
  const direction = new Random(mark).normals(template.length);
  const scale = (PLANTED_SHIFT * Math.hypot(...template)) / Math.hypot(...direction);
  return template.map((value, j) => value + scale * (direction[j] as number));
}

/** A white square at the lower or the upper left. */
function withSquare(portrait: Float32Array, mark: Mark): Float32Array {
  const out = portrait.slice();
  const side = Math.sqrt(portrait.length / 3);
  const top = mark === 'one mark' ? side - PLANTED_PX : 0;
  for (let channel = 0; channel < 3; channel++)
    for (let y = top; y < top + PLANTED_PX; y++)
      out.fill(1, (channel * side + y) * side, (channel * side + y) * side + PLANTED_PX);
  return out;
}

/** A part of a store that shares no name with others. */
const within = (store: AuditStore, part: string): AuditStore => ({
  read: (name) => store.read(`${part}: ${name}`),
  write: (name, bytes) => store.write(`${part}: ${name}`, bytes),
});
