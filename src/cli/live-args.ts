import { ACTIONS } from '../defence/liveness/session/challenge.ts';
import { FLASH_COLOURS } from '../defence/liveness/session/flashes.ts';
import type { SessionArgs } from './encoder-options.ts';
import { NO_NETWORK, PRESENTATION_NETWORK_FORMS } from './presentation-network-forms.ts';

/** Options of a verification of somebody before the camera. */
export const liveArgs = {
  live: {
    type: 'string',
    description:
      'a video, or a folder of frames, of somebody before the camera; with --against, in place of two photos',
    valueHint: 'clip',
  },
  against: { type: 'string', description: 'photo of the person whom that is to be', valueHint: 'photo' },
  'liveness-calibration': {
    type: 'string',
    description:
      'calibration.json of faceward audit liveness, for the network that it was made with; default: the one that comes along, for --network faceward',
    valueHint: 'file',
  },
  challenge: {
    type: 'string',
    description: `what was asked in the clip and when, in seconds, such as turn-left@1,smile@5.4; actions: ${ACTIONS.join(', ')}`,
    valueHint: 'steps',
  },
  flashes: {
    type: 'string',
    description: `colours that the screen showed in the clip after the challenge and when: of its left half and its right one as the person sees them, such as rose/cyan@18.6,green/violet@19.1; half a second each; colours: ${Object.keys(FLASH_COLOURS).join(', ')}`,
    valueHint: 'colours',
  },
  enrolment: {
    type: 'string',
    description:
      'an earlier clip of the person, turning the head to both sides: binds the session to the shape of the head',
    valueHint: 'clip',
  },
  network: {
    type: 'string',
    description: `a presentation-attack network: ${PRESENTATION_NETWORK_FORMS}; or ${NO_NETWORK}; default: that of the calibration`,
    valueHint: 'network',
  },
  'audit-token': {
    type: 'string',
    description:
      'file of a token of faceward audit token: our own mark is judged, not refused, and nobody is accepted; needs --key',
    valueHint: 'file',
  },
  key: { type: 'string', description: 'the key that signed the token', valueHint: 'file' },
  fps: { type: 'string', description: 'frames a second at which clips are read', default: '12.5', valueHint: 'n' },
} as const;

/** The values of {@link liveArgs}. */
export interface LiveArgs extends SessionArgs {
  readonly challenge?: string | undefined;
  readonly flashes?: string | undefined;
  readonly enrolment?: string | undefined;
  readonly network?: string | undefined;
  readonly 'liveness-calibration'?: string | undefined;
  readonly 'audit-token'?: string | undefined;
  readonly key?: string | undefined;
  readonly fps: string;
}
