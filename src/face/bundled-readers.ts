import type { BundledModelOptions } from '../runtime/bundled-models.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { openAgeGenderReader } from './age-gender-reader.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { openFaceresReader } from './faceres-reader.ts';

/** Readers of Male and Young whose weights come inside the installed packages. */
export const BUNDLED_READERS = ['faceres', 'age-gender'] as const;

export type BundledReaderName = (typeof BUNDLED_READERS)[number];

const OPEN = { faceres: openFaceresReader, 'age-gender': openAgeGenderReader } as const;

/**
 * Opens a reader that comes with a dependency.
 *
 * @throws ModelFileError where the installed package is broken; StoreError where the cache cannot be written; CapabilityError where the device is not offered.
 */
export function openBundledReader(
  name: BundledReaderName,
  options: BundledModelOptions & SessionOptions,
): Promise<AttributeReader> {
  return OPEN[name](options);
}
