import { InputError } from '../../../util/errors.ts';

/** What is hidden under one word of everyday speech. */
interface Hideable {
  /** What the word means, by CelebA's names. */
  readonly attributes: readonly string[];
  /** What gives it away as well, and therefore goes with it. */
  readonly along: readonly string[];
}

const BEARDS = ['No_Beard', 'Mustache', 'Goatee', '5_o_Clock_Shadow', 'Sideburns'] as const;
const MAKEUP = ['Heavy_Makeup', 'Wearing_Lipstick', 'Rosy_Cheeks'] as const;

/** Words for `--hide`; any attribute of the editor may be named itself as well. */
const HIDEABLE: Readonly<Record<string, Hideable>> = {
  sex: { attributes: ['Male'], along: [...BEARDS, ...MAKEUP, 'Arched_Eyebrows', 'Bushy_Eyebrows'] },
  age: { attributes: ['Young'], along: ['Gray_Hair', 'Bags_Under_Eyes', 'Receding_Hairline', 'Double_Chin'] },
  glasses: { attributes: ['Eyeglasses'], along: [] },
  beard: { attributes: BEARDS, along: [] },
  makeup: { attributes: MAKEUP, along: [] },
  smile: { attributes: ['Smiling'], along: [] },
  hair: { attributes: ['Black_Hair', 'Blond_Hair', 'Brown_Hair', 'Gray_Hair', 'Bangs'], along: [] },
  skin: { attributes: ['Pale_Skin'], along: [] },
};

/** The words that stand for attributes. */
export const HIDEABLE_WORDS: readonly string[] = Object.keys(HIDEABLE);

/** What is to be hidden of a face, by the attributes that an editor knows. */
export interface HiddenAttributes {
  readonly hidden: readonly string[];
  /** Moved with it, because it gives it away; nothing that is hidden itself or is to be kept. */
  readonly along: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Finds out which attributes an editor has to move to hide what these words name.
 *
 * @param words - such as "sex", "age", or a name of CelebA's; never with a value: a fixed change is an edit.
 * @param keep - words for what must stay; it wins over what would only go along.
 * @throws InputError for a word that is unknown, is to be kept as well, or sets a value; or where the editor cannot change it.
 */
export function resolveHidden(
  words: readonly string[],
  keep: readonly string[],
  editorAttributes: readonly string[],
): HiddenAttributes {
  for (const word of words) refuseFixed(word);
  const kept = unique(keep.flatMap((word) => meaningOf(word, editorAttributes).attributes));
  const meanings = words.map((word) => meaningOf(word, editorAttributes));
  const hidden = unique(meanings.flatMap(({ attributes }) => attributes));
  const both = hidden.find((name) => kept.includes(name));
  if (both !== undefined) throw new InputError(`${both} cannot be hidden and kept`, { hint: 'leave it out of one' });
  const along = unique(meanings.flatMap((meaning) => meaning.along));
  return { hidden, along: along.filter((name) => !hidden.includes(name) && !kept.includes(name)), kept };
}

/**
 * Takes what edits set out of what only goes along.
 *
 * @param edited - attributes that edits for looks set to a fixed value.
 * @throws InputError where one of them is hidden or kept: the edit would undo the draw, and set a fixed value under the name of hiding.
 */
export function withoutEdited(attributes: HiddenAttributes, edited: readonly string[]): HiddenAttributes {
  const { hidden, along, kept } = attributes;
  const both = edited.find((name) => hidden.includes(name) || kept.includes(name));
  if (both !== undefined) {
    throw new InputError(
      `${both} cannot be ${hidden.includes(both) ? 'hidden' : 'kept'} and set to a fixed value by an edit`,
      {
        hint: 'leave it out of one; an image operation with its amount, such as --edit drawn:wrinkles=0.8, sets no attribute',
      },
    );
  }
  return { ...attributes, along: along.filter((name) => !edited.includes(name)) };
}

/** An attribute of the editor by its name in any case. @throws InputError where the editor does not know it. */
export function attributeNamed(word: string, editorAttributes: readonly string[]): string {
  const name = editorAttributes.find((candidate) => simplified(candidate) === simplified(word));
  if (name !== undefined) return name;
  throw new InputError(`"${word}" is nothing that this editor changes`, {
    hint: `it knows ${editorAttributes.join(', ')}, and the words ${HIDEABLE_WORDS.join(', ')}`,
  });
}

function refuseFixed(word: string): void {
  if (!word.includes('=')) return;
  throw new InputError(`--hide ${word} would set a fixed value, which hides nothing`, {
    hint: `an attacker who knows that a bit is always set or flipped reads the truth as well as before; for looks alone, --edit ${word}`,
  });
}

function meaningOf(word: string, editorAttributes: readonly string[]): Hideable {
  const meaning = Object.hasOwn(HIDEABLE, word.toLowerCase()) ? HIDEABLE[word.toLowerCase()] : undefined;
  if (!meaning) return { attributes: [attributeNamed(word, editorAttributes)], along: [] };
  const known = (names: readonly string[]): string[] => names.filter((name) => editorAttributes.includes(name));
  const attributes = known(meaning.attributes);
  if (attributes.length === 0) {
    throw new InputError(`this editor cannot hide ${word}: it changes none of ${meaning.attributes.join(', ')}`, {
      hint: `it knows ${editorAttributes.join(', ')}`,
    });
  }
  return { attributes, along: known(meaning.along) };
}

const simplified = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '');

const unique = (names: readonly string[]): string[] => [...new Set(names)];
