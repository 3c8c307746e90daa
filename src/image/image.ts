/** A picture in memory: 8-bit sRGB, three interleaved channels RGB, rows from the top, no alpha. */
export interface Image {
  readonly widthPx: number;
  readonly heightPx: number;
  /** 3 * widthPx * heightPx bytes. */
  readonly data: Uint8Array;
}
