/** Points of a face: the 68 landmarks, and 11 of the forehead's edge that the warp adds. */
export const FACE_POINTS = 79;

/**
 * The mean face in 3D: x, y, z of the 68 landmarks (iBUG's order), then of 11 points along the top of the forehead from the left temple to the right one, as seen in the picture.
 *
 * Unit: the distance between the outer corners of the eyes, whose middle with that of the inner corners is the origin; x to the right, y downwards, z away from the camera.
 *
 * Source: made here. FaceMesh (468 points, bundled) was run on one photo each of 158 people of LFW; the 141 that look within 20 degrees of the camera were brought together by
 * rotation, scale and shift, averaged and made symmetric, and turned to the median pitch. No face is in it, only the mean of 141. Depth is FaceMesh's, which is relative: a shape to lift by,
 * no measurement.
 */
export const MEAN_FACE: Float64Array = Float64Array.of(
  // biome-ignore format: rows of five points
  ...[
  -0.788, 0.026, 0.579, -0.78, 0.187, 0.641, -0.772, 0.352, 0.656, -0.752, 0.53, 0.638, -0.703, 0.717, 0.586,
  -0.549, 0.983, 0.37, -0.444, 1.084, 0.277, -0.258, 1.218, 0.126, 0, 1.278, 0.055, 0.258, 1.218, 0.126,
  0.444, 1.084, 0.277, 0.549, 0.983, 0.37, 0.703, 0.717, 0.586, 0.752, 0.53, 0.638, 0.772, 0.352, 0.656,
  0.78, 0.187, 0.641, 0.788, 0.026, 0.579, -0.633, -0.16, 0.025, -0.56, -0.218, -0.073, -0.451, -0.248, -0.147,
  -0.311, -0.24, -0.212, -0.157, -0.222, -0.244, 0.157, -0.222, -0.244, 0.311, -0.24, -0.212, 0.451, -0.248, -0.147,
  0.56, -0.218, -0.073, 0.633, -0.16, 0.025, 0, -0.04, -0.221, 0, 0.129, -0.316, 0, 0.291, -0.428,
  0, 0.39, -0.45, -0.196, 0.491, -0.155, -0.087, 0.522, -0.225, 0, 0.526, -0.244, 0.087, 0.522, -0.225,
  0.196, 0.491, -0.155, -0.5, -0.008, 0.029, -0.423, -0.044, -0.047, -0.307, -0.051, -0.066, -0.193, 0.008, -0.029,
  -0.288, 0.029, -0.049, -0.403, 0.028, -0.029, 0.193, 0.008, -0.029, 0.307, -0.051, -0.066, 0.423, -0.044, -0.047,
  0.5, -0.008, 0.029, 0.403, 0.028, -0.029, 0.288, 0.029, -0.049, -0.301, 0.747, 0.008, -0.236, 0.708, -0.117,
  -0.089, 0.671, -0.219, 0, 0.684, -0.228, 0.089, 0.671, -0.219, 0.236, 0.708, -0.117, 0.301, 0.747, 0.008,
  0.227, 0.826, -0.074, 0.089, 0.902, -0.142, 0, 0.911, -0.149, -0.089, 0.902, -0.142, -0.227, 0.826, -0.074,
  -0.26, 0.744, -0.012, -0.13, 0.737, -0.125, 0, 0.746, -0.163, 0.13, 0.737, -0.125, 0.26, 0.744, -0.012,
  0.136, 0.789, -0.105, 0, 0.804, -0.141, -0.136, 0.789, -0.105, -0.736, -0.272, 0.306, -0.666, -0.393, 0.163,
  -0.556, -0.488, 0.017, -0.389, -0.55, -0.108, -0.21, -0.578, -0.18, 0, -0.583, -0.2, 0.21, -0.578, -0.18,
  0.389, -0.55, -0.108, 0.556, -0.488, 0.017, 0.666, -0.393, 0.163, 0.736, -0.272, 0.306,
  ],
);
