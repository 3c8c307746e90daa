/** Twice a triangle's area, above 0 where its corners run clockwise as seen in the picture. */
export function doubleArea(points: Float64Array, a: number, b: number, c: number): number {
  const [ax, ay] = [points[2 * a] as number, points[2 * a + 1] as number];
  const [bx, by] = [points[2 * b] as number, points[2 * b + 1] as number];
  return (bx - ax) * ((points[2 * c + 1] as number) - ay) - (by - ay) * ((points[2 * c] as number) - ax);
}

/**
 * Moves points as little as it can (in place) until each triangle has at least its double area, which also holds them from turning over: each short triangle in turn pushes its corners away
 * from their opposite sides.
 *
 * Source: the projection of constraints in Mueller et al., "Position based dynamics" (2007), with the area as constraint.
 *
 * @param triangles - three indices each.
 * @param least - the double area that each triangle is to have.
 * @param mobility - of each point: 0 stays.
 * @returns whether all triangles have it now.
 */
export function untangle(
  points: Float64Array,
  triangles: Uint16Array,
  least: Float64Array,
  mobility: Float64Array,
  rounds: number,
): boolean {
  for (let round = 0; round < rounds; round++) {
    let held = true;
    for (let t = 0; t < least.length; t++) {
      const [a, b, c] = [triangles[3 * t] as number, triangles[3 * t + 1] as number, triangles[3 * t + 2] as number];
      const lack = (least[t] as number) - doubleArea(points, a, b, c);
      if (!(lack > 0)) continue;
      held = false;
      // A little more than is lacking, so that the rounds come to an end.
      pushApart(points, mobility, a, b, c, 1.05 * lack + 1e-6);
    }
    if (held) return true;
  }
  return hasAreas(points, triangles, least);
}

/** Whether each triangle has at least its double area. */
export function hasAreas(points: Float64Array, triangles: Uint16Array, least: Float64Array): boolean {
  for (let t = 0; t < least.length; t++) {
    const [a, b, c] = [triangles[3 * t] as number, triangles[3 * t + 1] as number, triangles[3 * t + 2] as number];
    if (!(doubleArea(points, a, b, c) >= (least[t] as number))) return false;
  }
  return true;
}

/** Gives a triangle `lack` more of double area, by the gradient of the area. */
function pushApart(points: Float64Array, mobility: Float64Array, a: number, b: number, c: number, lack: number): void {
  const [ax, ay] = [points[2 * a] as number, points[2 * a + 1] as number];
  const [bx, by] = [points[2 * b] as number, points[2 * b + 1] as number];
  const [cx, cy] = [points[2 * c] as number, points[2 * c + 1] as number];
  const [wa, wb, wc] = [mobility[a] as number, mobility[b] as number, mobility[c] as number];
  const sum =
    wa * ((by - cy) ** 2 + (cx - bx) ** 2) +
    wb * ((cy - ay) ** 2 + (ax - cx) ** 2) +
    wc * ((ay - by) ** 2 + (bx - ax) ** 2);
  if (!(sum > 1e-12)) return;
  // Of three points that all but coincide the gradient is next to nothing: no step is longer than a few pixels.
  const step = Math.min(lack / sum, 4 / Math.sqrt(sum));
  points[2 * a] = ax + step * wa * (by - cy);
  points[2 * a + 1] = ay + step * wa * (cx - bx);
  points[2 * b] = bx + step * wb * (cy - ay);
  points[2 * b + 1] = by + step * wb * (ax - cx);
  points[2 * c] = cx + step * wc * (ay - by);
  points[2 * c + 1] = cy + step * wc * (bx - ax);
}
