import type { HumanNetworkName } from '../defence/liveness/network/human-networks.ts';

/** Networks of @vladmandic/human, by the names under which they are asked for. */
export const HUMAN_NETWORKS: Readonly<Record<string, HumanNetworkName>> = {
  'human-antispoof': 'antispoof',
  'human-liveness': 'liveness',
};

/** The one that comes with Faceward. */
export const OWN_NETWORK = 'faceward';

/** In place of a network's name: none looks at the frames. */
export const NO_NETWORK = 'none';

/** What a network's name may be, for the help. */
export const PRESENTATION_NETWORK_FORMS = `${OWN_NETWORK} (our own, which comes along), ${Object.keys(HUMAN_NETWORKS).join(', ')}, a file of faceward train liveness, or a MiniFASNet (its name begins with its crop: 2.7_80x80_…)`;
