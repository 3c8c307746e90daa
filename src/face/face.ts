/** A point in pixels of its image; x to the right, y downwards, pixel centres at whole numbers. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A point of the mesh; z is depth in the same pixel scale, towards the camera negative. */
export interface MeshPoint extends Point {
  readonly z: number;
}

/** An upright rectangle in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Left eye, right eye (as seen in the picture), nose tip, left and right corner of the mouth. */
export type FivePoints = readonly [Point, Point, Point, Point, Point];

/** A face found in an image. */
export interface Face {
  readonly box: Box;
  /** 0..1, the detector's own figure: no probability. */
  readonly confidence: number;
  readonly landmarks: FivePoints;
  /** 468 points of the face mesh. */
  readonly mesh: readonly MeshPoint[];
}
