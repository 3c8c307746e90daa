import { formatPeople } from '../../audit/figures.ts';
import type { Findings, PersonLeak } from '../../audit/findings.ts';
import { html, type Markup } from '../escape.ts';
import { intervalRow, intervalTable } from './rates.ts';

/** The leak register: the worst decile in view, everyone else folded away. */
export function peopleSection({ people }: Findings): Markup {
  if (people.length === 0) return html``;
  const sorted = people.toSorted((a, b) => b.rate - a.rate || b.low - a.low);
  const worst = sorted.filter((person) => person.worstDecile);
  const rest = sorted.filter((person) => !person.worstDecile);
  return html`<section aria-labelledby="people"><h2 id="people">Who leaks most</h2>
<p>How often a face rebuilt from this person’s templates passes for the person (type-II). With so few trials each, the intervals
are wide: this is an order in which to act, not a measure of one person.</p>
${worst.length > 0 && register(`The worst decile: ${formatPeople(worst.length)}`, worst)}
${rest.length > 0 && html`<details><summary>The other ${formatPeople(rest.length)}</summary>${register('Everyone else', rest)}</details>`}</section>`;
}

function register(caption: string, people: readonly PersonLeak[]): Markup {
  return intervalTable(
    caption,
    'Person',
    people.map((person) => intervalRow(person, 'attack', person.person)),
  );
}
