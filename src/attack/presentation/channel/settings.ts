/** A photo on paper. */
export interface PrintSettings {
  /** Of the printed picture, without the margin. */
  readonly widthMm: number;
  readonly marginMm: number;
  /** Of the printer. */
  readonly dotsPerInch: number;
  /** Cells of the halftone screen. */
  readonly linesPerInch: number;
  /** Diffuse reflectance of the bare paper. */
  readonly paperWhite: number;
  /** By how much less blue than red the paper reflects, as a share. */
  readonly paperWarmth: number;
  /** Reflectance under full ink. */
  readonly inkBlack: number;
  /** Share of a colour's distance from grey that the inks reach. */
  readonly gamut: number;
  /** Height of the lamp's reflection. */
  readonly gloss: number;
  /** One over the radius of the cylinder about which the sheet is bent, its axis upright: 0 is flat, 10 a radius of 100 mm. */
  readonly bendPerMetre: number;
}

/** A display that shows frames. */
export interface ScreenSettings {
  /** Of the picture shown. */
  readonly widthMm: number;
  readonly bezelMm: number;
  readonly pixelsPerInch: number;
  /** How much of the stripes of the pixel grid there is to see: 0 none, 1 stripes a third of a pixel wide. */
  readonly gridContrast: number;
  readonly gamma: number;
  readonly whiteKelvin: number;
  /** Light of its white, in what the camera renders as white. */
  readonly brightness: number;
  /** Light that black lets through, as a share of white. */
  readonly blackLevel: number;
  /** Light of the room that the whole of it mirrors. */
  readonly veil: number;
  /** Light of a lamp's reflection at its middle. */
  readonly glare: number;
  /** Deviation of the glare patch, as a share of the picture's width. */
  readonly glareSize: number;
  /** Of the backlight. */
  readonly flickerHz: number;
  /** What of the flicker the camera's exposure leaves: 0 none, 1 from dark to twice the mean. */
  readonly flickerDepth: number;
}

/** How the instrument stands or is held before the camera. */
export interface HoldSettings {
  /** Share of the frame's width that the picture takes. */
  readonly fill: number;
  /** The camera's horizontal angle of view. */
  readonly viewAngleDegrees: number;
  /** Steady lean: yaw to the right of the picture, pitch downwards, roll clockwise. */
  readonly yawDegrees: number;
  readonly pitchDegrees: number;
  readonly rollDegrees: number;
  /** Slow unrest, root mean square: 0 where it stands on a table. */
  readonly swayDegrees: number;
  readonly swayMm: number;
  /** The hand's tremor, root mean square. */
  readonly tremorMm: number;
}

/** The camera of the verification; bona fide scenes go through it as well. */
export interface CameraSettings {
  readonly exposureStops: number;
  /** The white that it takes for neutral; 6,500 K leaves colours as they are. */
  readonly whiteBalanceKelvin: number;
  /** Electrons that a pixel collects of white light: few in a dark room. */
  readonly electronsAtWhite: number;
  readonly readNoiseElectrons: number;
  /** Deviation of the lens's blur. */
  readonly defocusPx: number;
  /** Longest blur by motion; it changes from frame to frame. */
  readonly motionBlurPx: number;
  /** Share of the light that a corner of the frame lacks. */
  readonly vignetting: number;
  /** Time from the first row read to the last one. */
  readonly readoutMs: number;
  /** 1 to 100; 0 is none. It needs an encoder handed over. */
  readonly jpegQuality: number;
}

/** How frames are compressed on their way. */
export interface CodecSettings {
  /** `h264` is a real encoder, handed over; `blocks` is a stand-in of our own: {@link ./block-codec.ts}. */
  readonly kind: 'h264' | 'blocks';
  /** H.264's quantisation parameter. */
  readonly quantiser: number;
  /** Every so many frames one is coded without its predecessors. */
  readonly keyframeEvery: number;
}

/** Between an attacker's frames and a verification's: through a printed photo, through a screen, as a scene before the camera (bona fide, or injected by who imitates a camera), or injected as they are. */
export type Channel =
  | {
      readonly kind: 'print';
      readonly print: PrintSettings;
      readonly hold: HoldSettings;
      readonly camera: CameraSettings;
      readonly codec?: CodecSettings;
    }
  | {
      readonly kind: 'screen';
      readonly screen: ScreenSettings;
      readonly hold: HoldSettings;
      readonly camera: CameraSettings;
      readonly codec?: CodecSettings;
    }
  | { readonly kind: 'camera'; readonly camera: CameraSettings; readonly codec?: CodecSettings }
  | { readonly kind: 'injected'; readonly codec?: CodecSettings };

/** Settings other than the usual ones; those of a group that the channel has not are left out. */
export interface ChannelSettings {
  readonly print?: Partial<PrintSettings>;
  readonly screen?: Partial<ScreenSettings>;
  readonly hold?: Partial<HoldSettings>;
  readonly camera?: Partial<CameraSettings>;
  readonly codec?: Pick<CodecSettings, 'kind'> & Partial<CodecSettings>;
}
