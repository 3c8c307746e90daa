import { measurePolarity, type Polarity, type ScoredFrame } from '../defence/liveness/network/polarity.ts';
import type { PresentationNetwork } from '../defence/liveness/network/presentation-network.ts';
import type { Random } from '../util/random.ts';
import type { KindOfFaces } from './presentation-faces.ts';
import { table } from './print.ts';

/** How a network tells one species from bona fide faces. */
export interface SpeciesFigure extends Polarity {
  readonly species: string;
  readonly bonaFide: number;
  readonly attacks: number;
  /** With an attack of this species. */
  readonly people: number;
}

/** Measures a network on crops that it is to take as they are: the first kind is the bona fide one. Species without a face are left out; none where there is no bona fide face. */
export async function speciesFigures(
  network: PresentationNetwork,
  kinds: readonly KindOfFaces[],
  options: { readonly random: Random },
): Promise<SpeciesFigure[]> {
  const scored: { readonly name: string; readonly frames: ScoredFrame[]; readonly people: number }[] = [];
  for (const { name, people } of kinds) {
    const frames = people.flatMap(({ person, crops }) => crops.map((image) => ({ person, image })));
    const scores = await network.score(
      frames.map(({ image }) => ({
        image,
        // A crop cannot be enlarged: the network sees all of it.
        face: { box: { x: 0, y: 0, width: image.widthPx, height: image.heightPx } },
      })),
    );
    const named = frames.map(({ person }, i) => ({ person, score: scores[i] ?? Number.NaN }));
    scored.push({ name, frames: named, people: people.length });
  }
  const [bonaFide, ...species] = scored;
  if (!bonaFide || bonaFide.frames.length === 0) return [];
  return species
    .filter(({ frames }) => frames.length > 0)
    .map(({ name, frames, people }) => ({
      species: name,
      bonaFide: bonaFide.frames.length,
      attacks: frames.length,
      people,
      ...measurePolarity(bonaFide.frames, frames, { random: options.random.fork(name) }),
    }));
}

/** The figures as a table. */
export function speciesTable(figures: readonly SpeciesFigure[]): string {
  return table([
    ['species', 'bona fide', 'attacks', 'people', 'AUC', 'scores go'],
    ...figures.map(({ species, bonaFide, attacks, people, auc, polarity }) => [
      species,
      String(bonaFide),
      String(attacks),
      String(people),
      `${auc.value.toFixed(3)} (${auc.low.toFixed(3)}-${auc.high.toFixed(3)})`,
      polarity,
    ]),
  ]);
}
