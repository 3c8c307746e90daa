import { formatCount, formatDuration, formatPeople } from '../../audit/figures.ts';
import type { Findings, ThreatCard } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';

/** A verification tells less than an encoder does. */
const LIVENESS_ACCESS = 'Black-box (frames in, a decision out)';

const ACCESS: Readonly<Record<ThreatCard['access'], string>> = {
  'white-box': 'White-box (with the weights)',
  'black-box': 'Black-box (images in, embeddings out)',
  both: 'Both: white-box (with the weights) and black-box (images in, embeddings out)',
};

/** What the attacker of this audit knows, has and spends. */
export function threatCardSection({ audit, threatCard: card }: Findings): Markup {
  const { description, people, images, pairs } = card.auxiliary;
  const overlap =
    card.peopleOverlap === 0
      ? 'None: the attack learnt from no one that it was tried on.'
      : `${formatPeople(card.peopleOverlap)} are in both, so the rates may flatter the attack.`;
  return html`<section aria-labelledby="threat"><h2 id="threat">Who the attacker is</h2><p>${card.attacker}</p><dl>
<dt>Attacked</dt><dd>${card.target}</dd>
<dt>Knows or has</dt><dd><ul>${card.knows.map((thing) => html`<li>${thing}</li>`)}</ul></dd>
<dt>Access</dt><dd>${audit === 'liveness' ? LIVENESS_ACCESS : ACCESS[card.access]}. ${card.accessReason}</dd>
<dt>Queries</dt><dd>${formatCount(card.queries)} images sent to it</dd>
<dt>Faces of others</dt><dd>${description}${people > 0 && `: ${formatPeople(people)}, ${formatCount(images)} images, ${formatCount(pairs)} pairs`}</dd>
<dt>Overlap of people</dt><dd>${overlap}</dd>
<dt>Computing</dt><dd>${formatDuration(card.computeSeconds)} on ${card.device}</dd>
</dl></section>`;
}
