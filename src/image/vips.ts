import sharp from 'sharp';

/** Loaders that libvips may use; anything else that its build happens to carry (SVG with its scripts, PDF, Magick) stays shut. */
const ALLOWED_LOADERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Tiff', 'Nsgif'].map((loader) => `VipsForeignLoad${loader}`);

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ALLOWED_LOADERS });
// Every picture is read once, and faces should not linger in a cache.
sharp.cache(false);

/** Sharp with the loaders that Faceward accepts and no others; the only door through which `image/` reaches it. */
export { sharp };
