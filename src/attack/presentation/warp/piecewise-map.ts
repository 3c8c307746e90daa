/** For each pixel of a frame the place in the photo that it shows. */
export interface PhotoMap {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** The map that shows every pixel of the photo where it is. */
export function identityMap(widthPx: number, heightPx: number): PhotoMap {
  const [x, y] = [new Float32Array(widthPx * heightPx), new Float32Array(widthPx * heightPx)];
  for (let i = 0; i < x.length; i++) {
    x[i] = i % widthPx;
    y[i] = Math.floor(i / widthPx);
  }
  return { widthPx, heightPx, x, y };
}

/** Pixels this near to an edge, in pixels, are within, so that no crack is left between triangles. */
const EDGE = 1e-4;

/**
 * Writes into the map where the pixels of each moved triangle lie in the photo: each triangle is an affine map. Triangles that share an edge agree on it, so both may write it.
 *
 * @param moved, photo - x and y of the points; of no triangle of `moved` the corners run anticlockwise.
 */
export function writeTriangles(map: PhotoMap, moved: Float64Array, photo: Float64Array, triangles: Uint16Array): void {
  for (let t = 0; t < triangles.length; t += 3)
    writeTriangle(map, moved, photo, triangles[t] as number, triangles[t + 1] as number, triangles[t + 2] as number);
}

function writeTriangle(map: PhotoMap, moved: Float64Array, photo: Float64Array, a: number, b: number, c: number): void {
  const [ax, ay] = [moved[2 * a] as number, moved[2 * a + 1] as number];
  const [bx, by] = [moved[2 * b] as number, moved[2 * b + 1] as number];
  const [cx, cy] = [moved[2 * c] as number, moved[2 * c + 1] as number];
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (!(area > 1e-6)) return;
  const [px, py] = [photo[2 * a] as number, photo[2 * a + 1] as number];
  const [qx, qy] = [(photo[2 * b] as number) - px, (photo[2 * b + 1] as number) - py];
  const [rx, ry] = [(photo[2 * c] as number) - px, (photo[2 * c + 1] as number) - py];
  // Barycentric coordinates of b and c are linear in x and y.
  const [bPerX, bPerY] = [(cy - ay) / area, -(cx - ax) / area];
  const [cPerX, cPerY] = [-(by - ay) / area, (bx - ax) / area];
  const [xPerX, xPerY] = [qx * bPerX + rx * cPerX, qx * bPerY + rx * cPerY];
  const [yPerX, yPerY] = [qy * bPerX + ry * cPerX, qy * bPerY + ry * cPerY];
  CORNERS.set([ax, ay, bx, by, cx, cy, ax, ay]);
  const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - EDGE));
  const bottom = Math.min(map.heightPx - 1, Math.floor(Math.max(ay, by, cy) + EDGE));
  for (let y = top; y <= bottom; y++) {
    // The row's part within all three edges, which run clockwise.
    let from = 0;
    let to = map.widthPx - 1;
    for (let edge = 0; edge < 6; edge += 2) {
      const ux = CORNERS[edge] as number;
      const uy = CORNERS[edge + 1] as number;
      const dx = (CORNERS[edge + 2] as number) - ux;
      const dy = (CORNERS[edge + 3] as number) - uy;
      // Within: dx (y - uy) - dy (x - ux) >= 0.
      if (Math.abs(dy) < 1e-9) continue;
      const crossing = ux + (dx * (y - uy)) / dy;
      if (dy > 0) to = Math.min(to, Math.floor(crossing + EDGE));
      else from = Math.max(from, Math.ceil(crossing - EDGE));
    }
    let sx = px + xPerX * (from - ax) + xPerY * (y - ay);
    let sy = py + yPerX * (from - ax) + yPerY * (y - ay);
    for (let x = from, i = y * map.widthPx + from; x <= to; x++, i++) {
      map.x[i] = sx;
      map.y[i] = sy;
      sx += xPerX;
      sy += yPerX;
    }
  }
}

/** x and y of a triangle's corners, the first again after the last. */
const CORNERS = new Float64Array(8);
