/** 0 up to `from`, 1 from `to` on, with neither a jump nor a kink between: the cubic of Hermite, as shading languages have it. */
export function smoothStep(value: number, from = 0, to = 1): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return share * share * (3 - 2 * share);
}
