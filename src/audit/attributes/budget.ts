import type { AuditStore } from '../work-folder.ts';

/** Fewest people whose figures are worth having: the time may run over for them. */
const FEWEST = 60;

/** Reading photos takes about this share of an audit; the rest is attacks, which take the longer the more faces there are. */
const READING_SHARE = 0.3;

/** Under this name the store keeps how many people the budget allowed: a resumed audit reads as many, however much time it has. */
const KEPT = 'people within budget';

/**
 * How many people can be audited in the time that is left.
 *
 * @param people - as many as were asked for.
 * @param photos - how many photos are read where they all are.
 * @param timePhoto - reads a few photos and says how long one takes, in milliseconds.
 * @param options.endsAt - in milliseconds as of Date.now(); without it everybody is.
 */
export async function affordablePeople(
  { people, photos }: { readonly people: number; readonly photos: number },
  timePhoto: () => Promise<number>,
  { endsAt, store }: { readonly endsAt?: number | undefined; readonly store: AuditStore },
): Promise<number> {
  if (endsAt === undefined) return people;
  const known = await store.read(KEPT);
  if (known) return new DataView(Uint8Array.from(known).buffer).getUint32(0);
  const needed = ((await timePhoto()) * photos) / READING_SHARE;
  const share = Math.max(0, endsAt - Date.now()) / needed;
  const count = Math.min(people, Math.max(FEWEST, Math.floor(people * share)));
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, count);
  await store.write(KEPT, bytes);
  return count;
}
