import type { Findings, ShownFace } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';

/** Faces that the attack made, small and marked, where the findings carry them at all. */
export function facesSection({ audit, faces }: Findings): Markup {
  if (faces === undefined || faces.length === 0) return html``;
  return html`<section aria-labelledby="faces"><h2 id="faces">${audit === 'robustness' ? 'Perturbed photos' : 'Reconstructions'}</h2>
<p>Faces inside a dashed frame were <strong>made by the attack</strong>; they are not photographs. They are personal data: share this
report accordingly.</p><div class="faces">${faces.map(faceFigure)}</div></section>`;
}

function faceFigure({ person, attack, reconstruction, original }: ShownFace): Markup {
  return html`<figure><div class="pair"><img class="made" src="${reconstruction}" width="72" height="72" alt="${person}, made by the attack">${
    original !== undefined && html`<img src="${original}" width="72" height="72" alt="Photo of ${person}">`
  }</div><figcaption><strong>Made by attack</strong>${original !== undefined && ' | photo'}<br>${person}<br><span>${attack}</span></figcaption></figure>`;
}
