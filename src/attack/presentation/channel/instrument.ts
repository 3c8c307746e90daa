import type { Image } from '../../../image/image.ts';
import type { HeldPose } from './hold.ts';
import type { Light } from './light.ts';
import type { Lens, SurfaceView } from './surface.ts';

/** What is held before a camera. */
export interface Instrument {
  /** One over the radius of the cylinder that it is bent to; 0 is flat. */
  readonly bendPerMm: number;
  /**
   * Draws itself over a scene.
   *
   * @param frame - what it shows now, where it can show anything new.
   * @param view - which of its places each pixel sees.
   */
  draw(frame: Image, view: SurfaceView, lens: Lens, pose: HeldPose, scene: Light, timeMs: number): void;
}
