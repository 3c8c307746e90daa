import { type HttpTarget, openHttpTarget } from '../audit/liveness/http-target.ts';
import type { PresentationNetwork } from '../defence/liveness/network/presentation-network.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Threshold } from '../metric/threshold.ts';
import { InputError } from '../util/errors.ts';
import { chooseThreshold } from './chosen-threshold.ts';
import { type EncoderArgs, openEncoderFromArgs, sessionOptions } from './encoder-options.ts';
import { readHeaderFile } from './header-file.ts';
import { openNamedNetwork } from './liveness-networks.ts';
import { listOf } from './option-values.ts';
import { NO_NETWORK } from './presentation-network-forms.ts';

/** What is audited, opened. */
export type LivenessTarget =
  /** Somebody's own verification. */
  | { readonly kind: 'endpoint'; readonly endpoint: HttpTarget }
  /** Ours, with the encoder that compares faces. */
  | {
      readonly kind: 'local';
      readonly network: PresentationNetwork | undefined;
      readonly matcher: Encoder;
      readonly threshold: Threshold;
    }
  /** Networks by themselves; the verdict is of the first. */
  | { readonly kind: 'networks'; readonly networks: readonly [PresentationNetwork, ...PresentationNetwork[]] };

/** The options that name a target. */
interface TargetArgs extends EncoderArgs {
  readonly target: string;
  readonly network: string;
  readonly ownership: string;
}

/** Whether a target is the address of somebody's own verification. */
export const isEndpoint = (target: string): boolean => /^https?:\/\//i.test(target);

/**
 * Opens what is audited.
 *
 * @param fmr - of the local verification's matcher.
 * @returns beside it the names of its presentation-attack networks, which tell one file from another.
 * @throws InputError or ModelFileError where a name or a file is none, or the encoder has no threshold at that rate.
 */
export async function openLivenessTarget(
  args: TargetArgs,
  fmr: number,
): Promise<LivenessTarget & AsyncDisposable & { readonly names: readonly string[] }> {
  const { target, ownership } = args;
  if (isEndpoint(target)) {
    const headers = args.headers === undefined ? {} : { headers: await readHeaderFile(args.headers) };
    const endpoint = openHttpTarget(target, { ownership, ...headers });
    return { kind: 'endpoint', endpoint, names: [], ...closing(endpoint) };
  }
  if (target === 'local') {
    const network =
      args.network === NO_NETWORK ? undefined : await openNamedNetwork(args.network, sessionOptions(args));
    const matcher = await openEncoderFromArgs(args);
    const threshold = await chooseThreshold(matcher, String(fmr), undefined);
    if (!threshold)
      throw new InputError(`there is no threshold for "${matcher.id}"`, { hint: 'take a bundled encoder' });
    const names = network ? [network.name] : [];
    return { kind: 'local', network, matcher, threshold, names, ...closing(matcher, network) };
  }
  const networks = await Promise.all(listOf(target).map((spec) => openNamedNetwork(spec, sessionOptions(args))));
  const [first, ...others] = networks;
  if (first === undefined)
    throw new InputError('no target was named', { hint: 'leave --target out for our own verification' });
  const names = networks.map(({ name }) => name);
  return { kind: 'networks', networks: [first, ...others], names, ...closing(...networks) };
}

const closing = (...all: readonly ({ close(): unknown } | undefined)[]): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    await Promise.all(all.map((one) => one?.close()));
  },
});
