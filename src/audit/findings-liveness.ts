import { z } from 'zod';
import { count, INCONSISTENT, isConsistent, name, proportion } from './findings-parts.ts';

/** The schemas of what liveness audits alone have. */

/** A kind of attack presentation that was tried. */
export const speciesSchema = z.object({
  name: name.describe('Name of the species, as the rates have it under "attack".'),
  instrument: z
    .enum(['print', 'screen', 'injection'])
    .describe('What the camera sees, or that frames are handed in past the camera.'),
  needs: name.describe('What it takes to make and present it: photos, equipment, skill.'),
  cost: count.describe('Place in the order of what it takes, 1 for the least.'),
  people: count.describe('People whose photos were used.'),
});

/** What the verification comes to where something is changed about it. */
export const arrangementSchema = z
  .object({
    arrangement: z
      .enum(['alone', 'without', 'unseen'])
      .describe(
        '"alone": the check by itself, at a threshold that lets 95 % of bona fide presentations of calibration people pass. "without": all others, calibrated anew. "unseen": all checks, calibrated without this species.',
      ),
    of: name.describe('Name of the check; of the species where it is "unseen".'),
    presentation: name.describe('The species that was presented, or "bona fide".'),
    ...proportion,
  })
  .refine(isConsistent, INCONSISTENT)
  .describe('Share of the presentations that pass.');

/** The least costly attack that gets in. */
export const cheapestSchema = z.object({
  species: name.describe('The species.'),
  settings: name.describe(
    'The settings of print, screen, camera and motion with which it passes most often, in words.',
  ),
  needs: name.describe('What it takes.'),
  ...proportion,
  tried: count.describe('Settings that were tried, of all species up to this one.'),
});
