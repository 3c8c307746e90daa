import type { Box } from '../face/face.ts';
import type { Image } from '../image/image.ts';
import { InputError } from '../util/errors.ts';
import type { Random } from '../util/random.ts';

/** A face of a photo, cut out along the canonical frame. */
export interface AuditFace {
  /** Stable over runs: the file, and the face's number in it. */
  readonly id: string;
  readonly person: string;
  /** Square; its edges are those of the canonical frame. */
  readonly image: Image;
  /** The photo that it was cut out of, and where it is in it; absent where the file holds a face that is aligned already. */
  readonly photo?: { readonly path: string; readonly box: Box };
}

/** A person whose template is stolen. */
export interface Subject {
  readonly person: string;
  /** The face behind the stolen template. */
  readonly template: AuditFace;
  /** Other photos of the person, shuffled; type-II compares with these. Empty where there is one photo alone. */
  readonly others: readonly AuditFace[];
}

/**
 * Chooses whom to attack: people with several photos first, since type-II needs them; one random template of each.
 *
 * @throws InputError where there is nobody.
 */
export function chooseSubjects(
  faces: readonly AuditFace[],
  options: { readonly people: number; readonly random: Random },
): Subject[] {
  const byPerson = Map.groupBy(faces, ({ person }) => person);
  if (byPerson.size === 0) throw new InputError('there is nobody to attack', { hint: 'give a folder with faces' });
  const names = options.random.fork('people').shuffle([...byPerson.keys()].sort());
  const several = names.filter((name) => (byPerson.get(name)?.length ?? 0) > 1);
  const single = names.filter((name) => byPerson.get(name)?.length === 1);
  return [...several, ...single].slice(0, options.people).map((person) => {
    const own = [...(byPerson.get(person) ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1));
    const [template, ...others] = options.random.fork(`photos of ${person}`).shuffle(own) as [
      AuditFace,
      ...AuditFace[],
    ];
    return { person, template, others };
  });
}
