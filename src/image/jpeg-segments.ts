/** One segment of a JPEG file before its pixels, or one that stands between scans. */
export interface JpegSegment {
  /** The byte behind 0xff: 0xe1 for APP1, 0xfe for a comment. */
  readonly marker: number;
  /** What it holds, without marker and length. */
  readonly body: Uint8Array;
  /** Where the marker stands in the file. */
  readonly at: number;
}

/** A JPEG file taken apart. */
export interface JpegParts {
  readonly segments: readonly JpegSegment[];
  /** Bytes from the start of the file to behind the mark of its end; the file's length where that is missing. */
  readonly endsAt: number;
}

const [START, END, SCAN] = [0xd8, 0xd9, 0xda];

/**
 * Takes a JPEG file apart into its segments; the compressed pixels themselves are passed over.
 *
 * Source: ITU-T T.81, B.1.1 and B.2.
 *
 * @returns undefined where it does not begin as a JPEG does.
 */
export function splitJpeg(bytes: Uint8Array): JpegParts | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== START) return undefined;
  const segments: JpegSegment[] = [];
  let at = 2;
  while (at + 1 < bytes.length) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] !== 0xff) {
      // Bytes of no segment, which some cameras leave: on to the next marker.
      at = nextMarker(bytes, at);
    } else if (marker === END) {
      return { segments, endsAt: at + 2 };
    } else if (marker === 0xff) {
      at++;
    } else if (stands(marker)) {
      at += 2;
    } else {
      const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      segments.push({ marker, body: bytes.subarray(at + 4, at + 2 + length), at });
      at += 2 + Math.max(2, length);
      if (marker === SCAN) at = nextMarker(bytes, at);
    }
  }
  return { segments, endsAt: bytes.length };
}

/** A segment as it stands in a file. @param body - at most 65,533 bytes. */
export function jpegSegment(marker: number, body: Uint8Array): Uint8Array {
  const length = body.length + 2;
  return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...body);
}

/** Markers without a length: restarts, and TEM. */
const stands = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd7) || marker === 0x01;

/** The next marker that is no stuffed byte and no restart. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] === 0xff && marker !== 0 && !(marker >= 0xd0 && marker <= 0xd7)) return at;
  }
  return bytes.length;
}
