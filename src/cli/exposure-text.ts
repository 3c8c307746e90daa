import type { Exposure } from '../defence/training/masking/exposure.ts';

/** Names shown of a list; JSON has them all. */
const SHOWN = 10;

/** What was found of a set of mixes, for the terminal. */
export function exposureText(exposure: Exposure): string {
  const { mixes, images, sizes, reencodings, repeatedMixes, repeatedWeights, system } = exposure;
  const { equations, unknowns, rank, determined, judgedByStructure } = system;
  const bySize = Object.entries(sizes).map(([size, count]) => `${count} of ${size}`);
  return [
    exposure.exposed ? `EXPOSED  ${exposure.reasons.join('; ')}` : 'NOT EXPOSED  no image can be solved for',
    '',
    `mixes            ${mixes} of ${images} images (${bySize.join(', ')})`,
    `re-encodings     ${reencodings.mean.toFixed(1)} of an image in the mean, ${reencodings.greatest} at most; ${reencodings.limit} are allowed`,
    ...listed(reencodings.over.map(({ image, count }) => `${image}: ${count}`)),
    `same partners    ${repeatedMixes.length === 0 ? 'never again' : `${repeatedMixes.length} groups mixed again`}`,
    ...listed(
      repeatedMixes.map(
        ({ images: group, count, sameWeights }) =>
          `${group.join(' + ')}: ${count} times${sameWeights ? ', with the same weights' : ''}`,
      ),
    ),
    `same weights     ${repeatedWeights === 0 ? 'never again' : `in ${repeatedWeights} mixes`}`,
    `linear system    ${equations} equations for ${unknowns} unknowns, rank ${rank}; ${determined.length} images are determined`,
    ...listed(determined),
    ...(judgedByStructure > 0
      ? [
          '',
          `${judgedByStructure} images hang together too much to be solved for; they were judged by who is in which mix.`,
        ]
      : []),
    '',
    'Somebody who knows who was mixed with what weight is assumed. An image that is solved for is the masked face: what its front lets through.',
  ].join('\n');
}

function listed(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return [...lines.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more (--json has them all)`] : [])].map(
    (line) => `                 ${line}`,
  );
}
