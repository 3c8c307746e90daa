import type { Subject } from '../subjects.ts';
import type { AuditStore } from '../work-folder.ts';
import type { RobustnessContext } from './context.ts';
import { choosePairs } from './pairs.ts';
import { againstEpsilon } from './white-box.ts';

/** Subjects of the trial. */
const TRIAL = 4;

/** Fewest subjects that are worth attacking: the time may run over for them. */
const FEWEST = 10;

/** Under this name the store keeps how many subjects the budget allowed: a resumed audit attacks as many, however much time it has. */
const KEPT = 'subjects-within-budget';

/**
 * How many subjects can be attacked in the time that is left: success against epsilon is timed on a few, and the other parts of an audit take about three times as long.
 *
 * @param options.endsAt - in milliseconds as of Date.now(); without it everybody is attacked.
 */
export async function affordablePairs(
  context: RobustnessContext,
  subjects: readonly Subject[],
  options: { readonly endsAt?: number; readonly store: AuditStore; readonly isWhiteBox: boolean },
): Promise<number> {
  const { endsAt, store } = options;
  if (endsAt === undefined || !options.isWhiteBox) return subjects.length;
  const known = await store.read(KEPT);
  if (known) return new DataView(Uint8Array.from(known).buffer).getUint32(0);
  const before = Date.now();
  await againstEpsilon({
    ...context,
    pairs: choosePairs(subjects.slice(0, TRIAL)),
    store: { read: async () => undefined, write: async () => undefined },
  });
  const each = (4 * (Date.now() - before)) / TRIAL;
  const count = Math.min(subjects.length, Math.max(FEWEST, Math.floor((endsAt - Date.now()) / each)));
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, count);
  await store.write(KEPT, bytes);
  return count;
}
