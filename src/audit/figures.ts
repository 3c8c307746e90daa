/** Keeps a figure and its unit on one line. */
const NARROW = '\u00a0';

/** A share of 1 as a percentage: one decimal, two significant digits under 1 % so that small rates do not read as none. */
export function formatPercent(share: number): string {
  return `${percentDigits(share)}${NARROW}%`;
}

/** "52.0 to 64.0 %". */
export function formatInterval(range: { readonly low: number; readonly high: number }): string {
  return `${percentDigits(range.low)} to ${formatPercent(range.high)}`;
}

/** A share that was chosen, not measured, with no digit more than it has: "0.1 %". */
export function formatExactPercent(share: number): string {
  return `${Number((100 * share).toPrecision(3))}${NARROW}%`;
}

/** A difference of two shares in percentage points, with its sign. */
export function formatPoints(difference: number): string {
  const points = (100 * difference).toFixed(1);
  const unsigned = points.replace('-', '');
  if (Number(points) === 0) return `0.0${NARROW}points`;
  return `${difference > 0 ? '+' : '\u2212'}${unsigned}${NARROW}points`;
}

/** A whole number with its thousands apart: "13,233". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-GB');
}

/** "1 person", "12 people". */
export function formatPeople(count: number): string {
  return count === 1 ? '1 person' : `${formatCount(count)} people`;
}

/** "12.4 s", "3 min 20 s", "2 h 05 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toPrecision(3))}${NARROW}s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}${NARROW}min ${whole % 60}${NARROW}s`;
  return `${Math.floor(minutes / 60)}${NARROW}h ${String(minutes % 60).padStart(2, '0')}${NARROW}min`;
}

function percentDigits(share: number): string {
  const percent = 100 * share;
  if (percent === 0) return '0';
  if (percent === 100) return '100';
  if (percent < 1e-4) return '<0.0001';
  if (percent < 1) return percent.toPrecision(2);
  // Under 100 %, rounding must not claim all of them.
  return percent > 99.9 ? '99.9' : percent.toFixed(1);
}
