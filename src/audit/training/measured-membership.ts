import type { ClassHead } from '../../attack/inversion/model/target.ts';
import type { Membership, SelfTest } from '../findings.ts';
import type { Judge } from '../judge.ts';
import { jobOf, type TrainingContext } from './context.ts';
import { LEAST_HELD_OUT_PEOPLE } from './level.ts';
import { askedPhotos, membershipRows, type Witness, witness } from './membership.ts';
import { membershipControls } from './membership-controls.ts';

/** Membership of photos, and whether it is measured rightly. */
export interface MeasuredMembership {
  readonly membership: readonly Membership[];
  readonly selfTests: readonly SelfTest[];
  /** Why membership was not measured; undefined where it was. */
  readonly missing: string | undefined;
}

/** Asks of photos whether they were trained on, and whether the answers can be believed. Where too few people were held out, or photos of another kind, nothing is. */
export async function measureMembership(
  model: Judge,
  head: ClassHead,
  judges: readonly Judge[],
  { people, random, ...job }: Pick<TrainingContext, 'people' | 'random' | 'signal' | 'onProgress'>,
): Promise<MeasuredMembership> {
  const photos = askedPhotos(people);
  const heldOutPeople = new Set(photos.map(({ person }) => person)).size;
  if (heldOutPeople === 0) return without('no photos were named with --held-out');
  if (heldOutPeople < LEAST_HELD_OUT_PEOPLE) {
    return without(`photos of ${heldOutPeople} people were held out, and of ${LEAST_HELD_OUT_PEOPLE} they are needed`);
  }
  const options = { job: jobOf(job) };
  const references: { readonly judge: Judge; readonly witness: Witness }[] = [];
  for (const judge of judges) references.push({ judge, witness: await witness(judge, photos, options) });
  const { selfTests, confound } = await membershipControls(photos, references, {
    ...options,
    random: random.fork('planted membership'),
  });
  if (confound !== undefined)
    return {
      ...without(
        `the held-out photos differ from the training photos in more than that, as models show that have seen neither (${confound}); draw them at random from the same photos`,
      ),
      selfTests,
    };
  const target = await witness(model, photos, { ...options, head });
  const membership = membershipRows(
    photos,
    target,
    references.map((reference) => reference.witness),
    random.fork('membership'),
  );
  return { membership, selfTests, missing: undefined };
}

const without = (missing: string): MeasuredMembership => ({ membership: [], selfTests: [], missing });
