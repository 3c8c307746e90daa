import { type AffinePlace, AffineTemplate } from './affine-template.ts';
import type { GreyPyramid } from './grey-pyramid.ts';
import { localMotion, type MovedPlace } from './local-motion.ts';
import { PatchFinder, type Place } from './lucas-kanade.ts';

/**
 * Shares of the face's width: half the side of a patch; how far it may be brought from where it was looked for; how far from its beginning the way back may end; how far points have to do with each
 * other; and how far one may be from where they have it, which the tip of a nose is not.
 */
const SHARES = { radius: 0.065, stray: 0.03, backwards: 0.01, neighbours: 0.15, apart: 0.06 } as const;

/** A patch that is less like the first frame's is not seen. */
const LEAST_CORRELATION = 0.85;

/** Fewer points say nothing of where the others went. */
const FEWEST_NEIGHBOURS = 6;

/**
 * Follows patches of a face from frame to frame, each by itself.
 *
 * A patch is looked for by pyramidal Lucas-Kanade from the frame before, there and back again, then brought in line with the *first* frame's patch by an affine map: what was found is
 * where the first frame's skin is, so that errors do not add up. Where that skin is not to be seen (turned away, covered, blurred, another than before) the point is missing; it comes back
 * where it is found again near to where its neighbours' motion has it.
 *
 * Points never come from a face model, which may say where to look and no more: that would give a photo or a replay a depth of its own. About 50 microseconds of one core a point and frame.
 */
export class PatchTracker {
  readonly #patches: readonly { readonly place: Place; readonly template: AffineTemplate | undefined }[];
  readonly #finder: PatchFinder;
  readonly #facePx: number;
  readonly #first: { readonly frame: GreyPyramid; readonly places: readonly (AffinePlace | undefined)[] };
  #frame: GreyPyramid;
  #places: readonly (AffinePlace | undefined)[];

  /**
   * @param frame - in which the points are to be seen, the head at rest.
   * @param places - in pixels of the pyramid's finest level; one without texture is never seen.
   * @param facePx - the face's width in the same pixels.
   */
  constructor(frame: GreyPyramid, places: readonly Place[], facePx: number) {
    this.#facePx = facePx;
    const radius = Math.max(4, Math.round(SHARES.radius * facePx));
    this.#finder = new PatchFinder(radius);
    this.#patches = places.map((place) => ({ place, template: AffineTemplate.of(frame[0], place, radius) }));
    const still = { a: 1, b: 0, c: 0, d: 1 };
    this.#first = { frame, places: this.#patches.map(({ place, template }) => template && { ...place, ...still }) };
    this.#frame = frame;
    this.#places = this.#first.places;
  }

  /** Goes back to the frame in which it began, to follow the points another way. */
  restart(): void {
    this.#frame = this.#first.frame;
    this.#places = this.#first.places;
  }

  /** Where the points are now; undefined for each that is not seen. */
  get places(): readonly (Place | undefined)[] {
    return this.#places;
  }

  /**
   * Goes on to the next frame, of the same size.
   *
   * @param hint - roughly where the points are: where nearly all are lost, they are looked for there. What is found is still the first frame's skin, or nothing.
   */
  follow(frame: GreyPyramid, hint: readonly Place[] = []): readonly (Place | undefined)[] {
    const found = this.#places.map((last) => last && this.#findFrom(last, frame));
    const moved = this.#movedTo(found);
    const neighbours = moved.length <= FEWEST_NEIGHBOURS ? this.#movedTo(hint) : moved;
    this.#places = this.#patches.map(({ place, template }, i) => {
      const others = neighbours.filter(({ index }) => index !== i);
      const expected =
        others.length < FEWEST_NEIGHBOURS ? undefined : localMotion(others, place, SHARES.neighbours * this.#facePx);
      const last = this.#places[i];
      const near = found[i] ?? expected;
      const start = expected ?? last;
      const held = template && near && start && this.#hold(template, frame, { ...start, x: near.x, y: near.y });
      return held && expected && distance(held, expected) > SHARES.apart * this.#facePx ? undefined : held;
    });
    this.#frame = frame;
    return this.#places;
  }

  #movedTo(places: readonly (Place | undefined)[]): (MovedPlace & { readonly index: number })[] {
    return this.#patches.flatMap(({ place }, index) => {
      const to = places[index];
      return to ? [{ index, from: place, to }] : [];
    });
  }

  #findFrom(last: Place, frame: GreyPyramid): Place | undefined {
    const found = this.#finder.findBothWays(this.#frame, frame, last);
    return found && found.backPx <= Math.max(0.5, SHARES.backwards * this.#facePx) ? found : undefined;
  }

  #hold(template: AffineTemplate, frame: GreyPyramid, start: AffinePlace): AffinePlace | undefined {
    const aligned = template.align(frame[0], start);
    if (!aligned || aligned.correlation < LEAST_CORRELATION) return undefined;
    return distance(aligned, start) <= SHARES.stray * this.#facePx ? aligned : undefined;
  }
}

const distance = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y);
