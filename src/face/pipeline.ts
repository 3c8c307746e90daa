import type { Image } from '../image/image.ts';
import type { Session } from '../runtime/session.ts';
import { type DetectionOptions, detectFaces } from './detection.ts';
import type { Face, MeshPoint } from './face.ts';
import { fivePointsOf } from './landmarks.ts';
import { boundsOf, cropOfDetection, cropOfMesh, type FaceCrop, type FaceMesh, findMeshes } from './mesh.ts';
import { isSameFace } from './suppression.ts';

/** Below this the mesh network says that the crop shows no face. */
const MIN_MESH_CONFIDENCE = 0.5;

/** From here on the mesh is taken as it is. */
const SURE_MESH_CONFIDENCE = 0.9;

/** A crop that was turned, shifted or sized worse than this is cut again around the mesh. */
const TOLERANCE = { rollRadians: Math.PI / 18, shift: 0.12, scale: 1.3 };

export interface DetectOptions extends DetectionOptions {
  /** Only the largest are kept. Default: all. */
  readonly maxFaces?: number;
}

/** Finds faces, their meshes and their five points. */
export interface FacePipeline {
  /**
   * Finds the faces of a photo, the largest first.
   *
   * All faces of a photo go through the mesh network together; those whose crop was turned or placed badly, or of which it is unsure, once more.
   */
  detect(image: Image, options?: DetectOptions): Promise<Face[]>;
}

/**
 * Makes a pipeline of sessions of the bundled models 'blazeface' and 'facemesh'; it does not release them.
 *
 * @example
 * const pipeline = createFacePipeline(await openFaceSessions({ cacheDir }));
 * const [face] = await pipeline.detect(image);
 */
export function createFacePipeline(sessions: { readonly detector: Session; readonly mesh: Session }): FacePipeline {
  return {
    async detect(image, options = {}) {
      const detections = await detectFaces(sessions.detector, image, options);
      if (detections.length === 0) return [];
      const crops = detections.map(cropOfDetection);
      const meshes = await refine(sessions.mesh, image, crops, await findMeshes(sessions.mesh, image, crops));
      const faces: Face[] = [];
      meshes.forEach(({ points, confidence }, i) => {
        const found = detections[i];
        if (!found || confidence < MIN_MESH_CONFIDENCE) return;
        const face = faceOf(points, found.confidence);
        if (!faces.some(({ box }) => isSameFace(box, face.box))) faces.push(face);
      });
      return faces.sort((a, b) => areaOf(b) - areaOf(a)).slice(0, options.maxFaces);
    },
  };
}

/**
 * Runs the mesh network again where the first mesh shows that its crop was poor, and keeps the surer mesh. Where the network is unsure, the face may stand on its head or
 * lie on its side, which the detector does not tell: then the crop is tried in all four directions.
 */
async function refine(
  session: Session,
  image: Image,
  crops: readonly FaceCrop[],
  meshes: readonly FaceMesh[],
): Promise<FaceMesh[]> {
  const tries = meshes.flatMap((mesh, i) => {
    const crop = crops[i];
    return crop ? cropsToTry(crop, mesh).map((again) => ({ i, crop: again })) : [];
  });
  const results = await findMeshes(
    session,
    image,
    tries.map(({ crop }) => crop),
  );
  const refined = [...meshes];
  tries.forEach(({ i }, k) => {
    const mesh = results[k];
    // A mesh of a better placed crop is better even where the network is a little less sure.
    if (mesh && mesh.confidence >= Math.min(refined[i]?.confidence ?? 0, SURE_MESH_CONFIDENCE)) refined[i] = mesh;
  });
  return refined;
}

function cropsToTry(crop: FaceCrop, mesh: FaceMesh): FaceCrop[] {
  const around = cropOfMesh(mesh.points);
  const turned = [1, 2, 3].map((quarters) => ({ ...crop, rollRadians: crop.rollRadians + (quarters * Math.PI) / 2 }));
  if (mesh.confidence < MIN_MESH_CONFIDENCE / 10) return turned;
  if (mesh.confidence < SURE_MESH_CONFIDENCE) return [around, ...turned];
  return isMisplaced(crop, around) ? [around] : [];
}

function isMisplaced(before: FaceCrop, after: FaceCrop): boolean {
  const turn = Math.abs(Math.sin((before.rollRadians - after.rollRadians) / 2)) * 2;
  const shift = Math.hypot(before.centre.x - after.centre.x, before.centre.y - after.centre.y) / after.sidePx;
  const scale = Math.max(before.sidePx / after.sidePx, after.sidePx / before.sidePx);
  return turn > TOLERANCE.rollRadians || shift > TOLERANCE.shift || scale > TOLERANCE.scale;
}

function faceOf(mesh: readonly MeshPoint[], confidence: number): Face {
  return { box: boundsOf(mesh), confidence, landmarks: fivePointsOf(mesh), mesh };
}

function areaOf({ box }: Face): number {
  return box.width * box.height;
}
