import { shippedModelFile } from '../audit/inversion/shipped.ts';
import { facesHash } from '../audit/work-folder.ts';
import { hashOfFiles } from './files-hash.ts';
import { attackArgs } from './liveness-kit.ts';
import type { LivenessSides } from './liveness-people.ts';
import { listOf } from './option-values.ts';
import { OWN_REENACTOR } from './reenactor-model.ts';

const ATTACK_OPTIONS = Object.keys(attackArgs) as (keyof typeof attackArgs)[];

/** The values of the options that attacks are made with. */
type AttackOptions = Readonly<Partial<Record<(typeof ATTACK_OPTIONS)[number], string | undefined>>>;

/** What of people and attacks decides an audit's figures: the pictures and the files themselves, wherever they lie. */
export async function presentationsPlan(
  sides: Pick<LivenessSides, 'calibration' | 'test' | 'driver'>,
  args: AttackOptions,
): Promise<Readonly<Record<string, unknown>>> {
  return {
    people: peopleHash(sides),
    files: await hashOfFiles(filesOf(args)),
    ...Object.fromEntries(ATTACK_OPTIONS.map((name) => [name, args[name]])),
  };
}

/** A hash of all that presentations show. */
const peopleHash = ({ calibration, test, driver }: Pick<LivenessSides, 'calibration' | 'test' | 'driver'>): string =>
  facesHash(
    [...calibration, ...test, driver].flatMap(({ person, enrolled, others }) =>
      [enrolled, ...others].map(({ image }, i) => ({ id: `${i}`, person, image })),
    ),
  );

/** What attacks are made with, as files. */
const filesOf = ({ reenactor, swap, 'swap-driver': swapDriver, generator, drivers }: AttackOptions) =>
  [
    reenactor === OWN_REENACTOR ? shippedModelFile('reenactor.onnx') : reenactor,
    swap,
    swapDriver,
    generator ?? shippedModelFile('generator.onnx'),
    ...(drivers === undefined ? [] : listOf(drivers)),
  ].flatMap((path, i) => (path === undefined ? [] : [{ id: `${i}`, path }]));
