import { InputError } from '../../../util/errors.ts';
import { DAYLIGHT_KELVIN } from './light.ts';
import type {
  CameraSettings,
  Channel,
  ChannelSettings,
  CodecSettings,
  HoldSettings,
  PrintSettings,
  ScreenSettings,
} from './settings.ts';

/** Range of a setting, where a search may move it, and what moving it takes. */
interface Range {
  readonly low: number;
  readonly high: number;
  /** What is usual. */
  readonly usual: number;
  readonly unit: string;
  /** What it costs an attacker, in words. */
  readonly cost: string;
}

type Ranges<Settings> = Readonly<Record<keyof Settings, Range>>;

const range = (low: number, usual: number, high: number, unit: string, cost: string): Range => ({
  low,
  high,
  usual,
  unit,
  cost,
});

const FREE = 'nothing: how it is held';
const VICTIM = 'not the attacker’s: the camera of the verification and its room';

/** Sources: ISO 216 for sheets; ISO 12647-2 for the screens of offset (48 to 80 lines/cm; office printers are coarser), its papers and its black; radii down to that of a wide cup. */
const PRINT: Ranges<PrintSettings> = {
  widthMm: range(50, 150, 400, 'mm', 'a home printer up to 200 mm, a copy shop beyond'),
  marginMm: range(0, 6, 40, 'mm', 'scissors'),
  dotsPerInch: range(150, 600, 1200, 'dots per inch', 'a laser printer: from 100 euro; a photo print is beyond 600'),
  linesPerInch: range(60, 133, 200, 'lines per inch', 'a setting of the printer’s driver'),
  paperWhite: range(0.6, 0.88, 1, 'reflectance', 'another paper: cents a sheet'),
  paperWarmth: range(-0.1, 0.04, 0.15, 'share', 'another paper: cents a sheet'),
  inkBlack: range(0.01, 0.05, 0.2, 'reflectance', 'photo paper and fresh ink for low ones: 1 euro a sheet'),
  gamut: range(0.4, 0.85, 1, 'share', 'photo paper and fresh ink for high ones: 1 euro a sheet'),
  gloss: range(0, 0.12, 0.8, 'light of white', 'matt paper, or a place without a lamp in front, for low ones'),
  bendPerMetre: range(0, 0, 16, 'per metre', 'nothing: bent by hand, or laid about a cup'),
};

/** Sources: data sheets of monitors (90 to 160 pixels per inch) and phones (300 to 500); backlights dimmed by pulses at 100 to 1,000 Hz; daylight whites that displays are set to. */
const SCREEN: Ranges<ScreenSettings> = {
  widthMm: range(50, 150, 600, 'mm', 'a telephone up to 70 mm, a tablet up to 200, a monitor beyond'),
  bezelMm: range(0, 8, 40, 'mm', 'another display'),
  pixelsPerInch: range(
    70,
    140,
    600,
    'pixels per inch',
    'another display: 100 to 1,000 euro; from 300 on no grid is seen',
  ),
  gridContrast: range(0, 0.5, 1, 'share', 'a diffusing film: 10 euro; or the camera further away'),
  gamma: range(1.8, 2.2, 2.6, '', 'a setting of the display; measured and corrected with a probe: 150 euro'),
  whiteKelvin: range(5000, 7500, 10_000, 'K', 'a setting of the display'),
  brightness: range(0.3, 0.9, 2, 'light of white', 'a setting of the display'),
  blackLevel: range(0, 0.004, 0.05, 'share', 'an OLED display for low ones: from 300 euro'),
  veil: range(0, 0.015, 0.2, 'light of white', 'a dark room'),
  glare: range(0, 0.25, 1.5, 'light of white', 'a dark room'),
  glareSize: range(0.03, 0.12, 0.5, 'share of the width', 'a dark room'),
  flickerHz: range(50, 240, 1000, 'Hz', 'a display dimmed by current for high ones'),
  flickerDepth: range(0, 0.04, 0.6, 'share', 'full brightness, at which backlights do not flicker'),
};

/** Source of the unrest: physiological tremor of the hand lies at 8 to 12 Hz (Elble and Koller, Tremor, 1990); its size at arm's length and that of sway are by eye. */
const HOLD: Ranges<HoldSettings> = {
  fill: range(0.3, 0.95, 1.6, 'share of the frame', FREE),
  viewAngleDegrees: range(20, 55, 90, 'degrees', VICTIM),
  yawDegrees: range(-30, 0, 30, 'degrees', FREE),
  pitchDegrees: range(-30, 0, 30, 'degrees', FREE),
  rollDegrees: range(-20, 0, 20, 'degrees', FREE),
  swayDegrees: range(0, 1.2, 8, 'degrees', 'a stand for low ones: 10 euro'),
  swayMm: range(0, 2.5, 20, 'mm', 'a stand for low ones: 10 euro'),
  tremorMm: range(0, 0.15, 2, 'mm', 'a stand for low ones: 10 euro'),
};

/** Sources: full wells of sensors with pixels of 1.1 to 3 micrometres (3,000 to 15,000 electrons, less behind gain); read noise of 2 to 10 electrons; cos^4 law for the corner. */
const CAMERA: Ranges<CameraSettings> = {
  exposureStops: range(-2, 0, 2, 'stops', VICTIM),
  whiteBalanceKelvin: range(DAYLIGHT_KELVIN.low, 6500, 10_000, 'K', VICTIM),
  electronsAtWhite: range(150, 4000, 30_000, 'electrons', VICTIM),
  readNoiseElectrons: range(0, 5, 40, 'electrons', VICTIM),
  defocusPx: range(0, 0.6, 5, 'pixels', 'nothing: held nearer than the camera can focus; it weakens moire'),
  motionBlurPx: range(0, 0.8, 10, 'pixels', FREE),
  vignetting: range(0, 0.15, 0.6, 'share', VICTIM),
  readoutMs: range(0, 20, 33, 'ms', VICTIM),
  jpegQuality: range(0, 0, 100, '', VICTIM),
};

/** Source: ITU-T H.264: a quantisation parameter of 0 to 51. */
const CODEC: Ranges<Omit<CodecSettings, 'kind'>> = {
  quantiser: range(10, 28, 51, '', 'nothing: a poor line, or one that is made to look poor'),
  keyframeEvery: range(1, 50, 500, 'frames', VICTIM),
};

const GROUPS = { print: PRINT, screen: SCREEN, hold: HOLD, camera: CAMERA, codec: CODEC } as const;

/** Settings that belong together. */
type Group = keyof typeof GROUPS;

/** One setting that a search for the cheapest attack may move. */
export interface ChannelParameter extends Range {
  /** Group and setting: "print.gloss". */
  readonly name: string;
  readonly group: Group;
  /** Whether the attacker chooses it; else it belongs to the verification, and a search moves it only to see how far a result hangs on it. */
  readonly attackers: boolean;
}

/** Every setting of every channel; all are numbers. */
export const CHANNEL_PARAMETERS: readonly ChannelParameter[] = Object.entries(GROUPS).flatMap(([group, ranges]) =>
  Object.entries(ranges).map(([key, own]: [string, Range]) => ({
    ...own,
    name: `${group}.${key}`,
    group: group as Group,
    attackers: own.cost !== VICTIM,
  })),
);

/**
 * A channel with the usual settings but for those given. What the channel has no use for is left out.
 *
 * @throws InputError where a setting is out of its range.
 */
export function createChannel(kind: Channel['kind'], settings: ChannelSettings = {}): Channel {
  const usual = <T>(ranges: Ranges<T>, own: Partial<T> | undefined): T =>
    ({
      ...Object.fromEntries(Object.entries<Range>(ranges).map(([key, { usual: value }]) => [key, value])),
      ...own,
    }) as T;
  const codec = settings.codec && { codec: { ...usual(CODEC, numbersOf(settings.codec)), kind: settings.codec.kind } };
  const seen = () => ({ hold: usual(HOLD, settings.hold), camera: usual(CAMERA, settings.camera), ...codec });
  switch (kind) {
    case 'print':
      return requireChannel({ kind, print: usual(PRINT, settings.print), ...seen() });
    case 'screen':
      return requireChannel({ kind, screen: usual(SCREEN, settings.screen), ...seen() });
    case 'camera':
      return requireChannel({ kind, camera: usual(CAMERA, settings.camera), ...codec });
    case 'injected':
      return requireChannel({ kind, ...codec });
  }
}

const numbersOf = ({
  kind: _,
  ...numbers
}: NonNullable<ChannelSettings['codec']>): Partial<Omit<CodecSettings, 'kind'>> => numbers;

/**
 * The channel with one of {@link CHANNEL_PARAMETERS} at another value; undefined where the channel has no such setting.
 *
 * @throws InputError where the value is out of range.
 */
export function withParameter(channel: Channel, { group, name }: ChannelParameter, value: number): Channel | undefined {
  const own = groupOf(channel, group);
  if (!own) return undefined;
  return requireChannel({ ...channel, [group]: { ...own, [name.slice(group.length + 1)]: value } } as Channel);
}

/** Makes sure that every setting of a channel is in its range. @throws InputError where one is not. */
export function requireChannel(channel: Channel): Channel {
  for (const { name, group, low, high, unit } of CHANNEL_PARAMETERS) {
    const own = groupOf(channel, group);
    if (!own) continue;
    const value = own[name.slice(group.length + 1)];
    if (typeof value === 'number' && value >= low && value <= high) continue;
    throw new InputError(`${name} of ${value}`, { hint: `give ${low} to ${high} ${unit}`.trimEnd() });
  }
  return channel;
}

const groupOf = (channel: Channel, group: Group): Readonly<Record<string, unknown>> | undefined =>
  (channel as { readonly [G in Group]?: object })[group] as Readonly<Record<string, unknown>> | undefined;
