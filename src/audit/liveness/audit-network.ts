import { makeBothSides } from './all-attempts.ts';
import { concluded, type LivenessAuditOptions, type LivenessMeasurements, requireApart } from './context.ts';
import { livenessControls } from './controls.ts';
import type { AttemptMaker } from './make-attempt.ts';
import { livenessRates } from './measured-rates.ts';
import { type NetworkFigures, networkFigures } from './network-figures.ts';

/** What networks alone are audited with. */
export interface NetworkAuditOptions extends LivenessAuditOptions {
  /** Its tools hold the networks. */
  readonly maker: AttemptMaker;
  /** Names of the networks; the first is the one that the verdict is of. */
  readonly networks: readonly [string, ...string[]];
}

/**
 * Audits presentation-attack networks by themselves, which look at single frames and compare nobody: the verdict is of the first, the rates of all of them.
 *
 * @throws InputError where a side has nobody; InterruptedError.
 */
export async function auditNetworks(
  options: NetworkAuditOptions,
): Promise<LivenessMeasurements & { readonly networks: readonly NetworkFigures[] }> {
  const { people, species, maker } = options;
  requireApart(people);
  const { calibration, test } = await makeBothSides({ ...options, fitsAttacks: false }, maker.measureFrames);
  const networks = options.networks.map((network) => networkFigures(network, { calibration, test }));
  const [target] = options.networks;
  const own = networks.slice(0, 1).flatMap(({ figures }) => livenessRates(figures, { target }));
  const judged = test.map((attempt) => ({ attempt, outcome: 'passed' as const, matched: true }));
  const concludedOn = concluded(
    target,
    { rates: own, controls: livenessControls(judged, target, null), selfTests: [] },
    species,
    test,
  );
  return {
    ...concludedOn,
    rates: networks.flatMap(({ network, figures }) => livenessRates(figures, { target: network })),
    arrangements: [],
    networks,
  };
}
