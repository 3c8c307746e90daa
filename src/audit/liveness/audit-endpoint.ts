import type { AttackSpecies } from '../../attack/presentation/species.ts';
import type { SyntheticMark } from '../../image/frames/marked-frame.ts';
import { Random } from '../../util/random.ts';
import { makeAttempts } from './all-attempts.ts';
import { type Attempt, BONA_FIDE } from './attempt.ts';
import { concluded, type LivenessAuditOptions, type LivenessMeasurements } from './context.ts';
import { livenessControls } from './controls.ts';
import { livenessFigures } from './figures.ts';
import type { HttpTarget } from './http-target.ts';
import type { AttemptTask } from './make-attempt.ts';
import { livenessRates } from './measured-rates.ts';
import { attackPresentation, bonaFidePresentation, type PresentationKit } from './presentations.ts';

/** What somebody's own verification is audited with. */
export interface EndpointAuditOptions extends LivenessAuditOptions {
  readonly endpoint: HttpTarget;
  readonly kit: PresentationKit;
  readonly seed: number;
  /** Of the marks that every frame carries. */
  readonly runId: number;
}

/**
 * Audits the owner's verification behind its adapter, which tells no more than whether it let somebody in: a rate is of the whole of it, liveness and comparison together.
 *
 * @throws InputError where nobody is on the test side; CapabilityError where the endpoint does not answer as agreed; InterruptedError.
 */
export async function auditEndpoint(options: EndpointAuditOptions): Promise<LivenessMeasurements> {
  const { endpoint, people, species, attempts } = options;
  const test = await makeAttempts(
    { ...options, name: 'attempts', people: people.test, kinds: [undefined, ...species], attempts: attempts.test },
    (task) => askEndpoint(task, options),
  );
  const judged = test.map((attempt) => ({ attempt, outcome: attempt.outcome ?? 'no-response', matched: true }));
  const measured = {
    rates: livenessRates(livenessFigures(judged), { target: endpoint.id, decidesAlone: true }),
    controls: livenessControls(judged, endpoint.id, null),
    selfTests: [],
  };
  return { ...concluded(endpoint.id, measured, species, test), arrangements: [] };
}

async function askEndpoint({ species, person, number }: AttemptTask, options: EndpointAuditOptions): Promise<Attempt> {
  const { endpoint, kit, seed, runId } = options;
  const name = species?.name ?? BONA_FIDE;
  const random = new Random(`${seed} ${name} ${person.person} ${number}`);
  const session = await endpoint.open(person.enrolled.image);
  const clip = species
    ? await attackPresentation(species, person, session, kit, random)
    : await bonaFidePresentation(person, session, kit, random);
  const outcome = await session.submit(clip, markOf(species, runId));
  return {
    ...{ species: name, person: person.person, attempt: number, refusal: null, checks: {}, networks: {} },
    ...{ similarities: {}, marked: true, outcome },
  };
}

/** A simulated head imitates a person as much as an attack does. */
const markOf = (species: AttackSpecies | undefined, runId: number): SyntheticMark => ({
  provenance: { kind: 'animated', method: species?.name ?? 'simulated head' },
  payload: { runId, species: species?.number ?? 0 },
});
