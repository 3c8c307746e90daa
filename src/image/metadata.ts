import exifr from 'exifr';
import { sharp } from './vips.ts';

/** What a photograph's EXIF block says that matters here. */
export interface PhotoMetadata {
  /** EXIF orientation 1..8; 1 where none is stored. */
  readonly orientation: number;
  /** Maker and model of the camera, where they are stored. */
  readonly camera?: string;
  /** Whether the file tells where the picture was taken. */
  readonly hasGps: boolean;
}

const NOTHING: PhotoMetadata = { orientation: 1, hasGps: false };

/**
 * Reads EXIF basics of a JPEG, PNG, WebP, AVIF or TIFF file, without decoding pixels.
 *
 * Never throws: a file without EXIF, or with a damaged block, has orientation 1, no camera and no GPS.
 */
export async function readMetadata(bytes: Uint8Array): Promise<PhotoMetadata> {
  const tiff = await exifBlock(bytes);
  if (!tiff) return NOTHING;
  try {
    const pick = ['Orientation', 'Make', 'Model', 'GPSLatitude', 'GPSLongitude'];
    const tags: unknown = await exifr.parse(tiff, { pick, tiff: true, gps: true, translateValues: false });
    return typeof tags === 'object' && tags !== null ? describe(new Map(Object.entries(tags))) : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** The EXIF block as bare TIFF bytes: libvips finds it in every container, exifr not in WebP. */
async function exifBlock(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  if (header?.format === 'tiff') return bytes;
  const block = header?.exif;
  return block?.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
}

function describe(tags: ReadonlyMap<string, unknown>): PhotoMetadata {
  const orientation = Number(tags.get('Orientation') ?? 1);
  const camera = cameraName(text(tags.get('Make')), text(tags.get('Model')));
  return {
    orientation: Number.isInteger(orientation) && orientation >= 1 && orientation <= 8 ? orientation : 1,
    ...(camera === '' ? {} : { camera }),
    hasGps: tags.has('GPSLatitude') || tags.has('GPSLongitude') || tags.has('latitude'),
  };
}

/** Many models repeat their maker: "Canon" and "Canon EOS R5" are one camera. */
function cameraName(make: string, model: string): string {
  return model.toLowerCase().startsWith(make.toLowerCase()) ? model : `${make} ${model}`.trim();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll('\0', '').trim() : '';
}
