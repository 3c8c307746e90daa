/** So many places of `count`, or all where there are no more: from 0 on, as evenly as whole numbers are. */
export function evenly(count: number, most: number): number[] {
  const apart = Math.max(1, count / most);
  return Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor(i * apart));
}
