import { basename } from 'node:path';
import type { MatchLimit } from '../audit/match-limit.ts';
import type { ReviewNotes } from '../audit/protection/attribute-receipt.ts';
import { makeAttributeReceipt, type TreatedFace } from '../audit/protection/make-attribute-receipt.ts';
import type { Receipt } from '../audit/protection/receipt.ts';
import { type ReferencePhotos, sha256Of } from '../audit/protection/reference-photos.ts';
import type { TestEncoder } from '../audit/protection/retest.ts';
import type { Transformation } from '../audit/protection/transformations.ts';
import { attributesSetBy } from '../defence/photo/attribute/attribute-values.ts';
import {
  attributeNamed,
  type HiddenAttributes,
  resolveHidden,
  withoutEdited,
} from '../defence/photo/attribute/hidden-attributes.ts';
import type { EditStep } from '../defence/photo/attribute/presets.ts';
import type { AttributeProtection } from '../defence/photo/attribute/protect-photo.ts';
import type { ShareOverrides, UniformSource } from '../defence/photo/attribute/removal.ts';
import type { Cloak } from '../defence/photo/cloak/cloak-photo.ts';
import { hideIdentity } from '../defence/photo/identity/hide-identity.ts';
import type { AttributeReader } from '../face/attribute-reader.ts';
import type { Face } from '../face/face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import { assessQuality, type FaceQuality } from '../face/quality.ts';
import { findAllFaces } from '../face/thorough-search.ts';
import { type DecodedImage, decodeImage } from '../image/decode.ts';
import type { Image } from '../image/image.ts';
import { readImageFile } from '../image/image-file.ts';
import { carriedProvenance } from '../image/mark.ts';
import { listMetadata } from '../image/metadata-inventory.ts';
import { encodeProtectedPhoto, FACE_ACTIONS } from '../image/protected-photo.ts';
import { writtenFormat } from '../image/written-format.ts';
import { CapabilityError, InputError } from '../util/errors.ts';
import { type JobOptions, throwIfAborted } from '../util/progress.ts';
import { Random } from '../util/random.ts';
import { secretStream } from '../util/secret-random.ts';
import { editSteps } from './edit-steps.ts';
import type { AttributeWords, FacePlan, FacePolicy } from './face-policy.ts';
import type { Recognise } from './gallery-people.ts';
import {
  finishedReceipt,
  outputOf,
  type PhotoToProtect,
  type ProtectedOutput,
  requireFree,
  writeProtected,
} from './protected-files.ts';

/** Largest photo file. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Nobody but the owner may read what the faces had. */
const RECEIPT_MODE = 0o600;

/** Everything that decides what becomes of a photo. */
export interface ProtectionSettings {
  readonly policy: FacePolicy;
  /** What draws are made of; never written into a receipt. */
  readonly secret: Uint8Array;
  readonly faceward: string;
  readonly out: string;
  readonly receipts: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly encoders: readonly TestEncoder[];
  readonly limits: ReadonlyMap<string, MatchLimit>;
  readonly transformations: readonly Transformation[];
  readonly models: NonNullable<Receipt['models']>;
  /** Hash of the options. */
  readonly options: string;
  /** Keys of the originals of this run, by {@link originalsOf}: none is ever written over. */
  readonly originals: ReadonlySet<string>;
  /** Outputs that a photo of this run has; two photos never share one. */
  readonly claimed: Map<string, string>;
}

/** What works on a photo. */
export interface ProtectionWorkshop {
  readonly pipeline: FacePipeline;
  readonly recognise: Recognise;
  readonly references: ReferencePhotos | undefined;
  readonly protection: AttributeProtection | undefined;
  readonly cloak: Cloak | undefined;
  readonly judges: readonly AttributeReader[];
}

/** A photo that is finished: now, or by an earlier run. */
export interface ProtectedPhoto {
  readonly original: string;
  readonly output: ProtectedOutput;
  readonly receipt: Receipt;
}

/** A face with what is to become of it. */
interface PlannedFace {
  readonly face: Face;
  readonly person: string | undefined;
  readonly plan: FacePlan;
}

/** A photo, read, with its faces and what is to become of them. */
interface PlannedPhoto {
  readonly decoded: DecodedImage;
  readonly faces: readonly PlannedFace[];
  readonly possible: readonly Face[];
}

/** Protects and tests one photo and writes it with its receipt; one that is finished already is left as it is. */
export async function protectPhoto(
  photo: PhotoToProtect,
  workshop: ProtectionWorkshop,
  settings: ProtectionSettings,
  job: JobOptions,
): Promise<ProtectedPhoto> {
  const { output, bytes, decoded, finished } = await openPhoto(photo, settings);
  if (finished) return { original: photo.path, output, receipt: finished };
  const sha256 = sha256Of(bytes);
  const planned = await planPhoto(photo, decoded, workshop, settings.policy);
  const { image, treated } = await treatFaces(planned, sha256, workshop, settings, job);
  const covered = settings.policy.possible === 'hide';
  let result = image;
  if (covered) for (const face of planned.possible) result = await hideIdentity(result, face, 'fill');
  const written = await encodeProtectedPhoto(result, writtenFormat(decoded.format), {
    ...provenanceOf(treated, settings, covered && planned.possible.length > 0),
    original: carriedProvenance(bytes),
  });
  const { widthPx, heightPx } = decoded.image;
  const receipt = await makeAttributeReceipt(
    {
      faceward: settings.faceward,
      options: settings.options,
      input: { name: photo.relativePath, sha256, widthPx, heightPx },
      output: { name: basename(output.photo), sha256: sha256Of(written), widthPx, heightPx },
      models: settings.models,
      metadata: {
        found: await listMetadata(bytes),
        orientation: decoded.orientation,
        written: await listMetadata(written),
      },
      review: reviewNotes(planned, covered),
      photo: (await decodeImage(written)).image,
      clean: decoded.image,
      faces: treated,
      attributes: workshop.protection?.attributes ?? [],
      encoders: settings.encoders,
      limits: settings.limits,
      judges: workshop.judges,
      references: workshop.references,
    },
    {
      pipeline: workshop.pipeline,
      transformations: settings.transformations,
      ...(job.signal ? { signal: job.signal } : {}),
    },
  );
  throwIfAborted(job);
  await writeProtected(output, written, receipt, { receiptMode: RECEIPT_MODE });
  return { original: photo.path, output, receipt };
}

/** Says in one line what would become of a photo. @throws InputError for what would fail. */
export async function rehearsePhoto(
  photo: PhotoToProtect,
  workshop: Pick<ProtectionWorkshop, 'pipeline' | 'recognise'>,
  settings: ProtectionSettings,
): Promise<string> {
  const { output, decoded, finished } = await openPhoto(photo, settings);
  const place = `${photo.path} -> ${output.photo}`;
  if (finished) return `${place} (finished already)`;
  const { faces, possible } = await planPhoto(photo, decoded, workshop, settings.policy);
  const words = faces.map(({ plan, person }, i) => `${person ?? `face ${i + 1}`}: ${plan.action}`);
  const unsure = possible.length > 0 ? [`may be faces: ${possible.length}`] : [];
  return `${place}: ${[...(faces.length === 0 ? ['no face found'] : words), ...unsure].join(', ')}`;
}

/** Reads a photo and finds its place. @throws InputError where it cannot be read or its place is taken. */
async function openPhoto(
  photo: PhotoToProtect,
  settings: ProtectionSettings,
): Promise<{
  readonly output: ProtectedOutput;
  readonly bytes: Uint8Array;
  readonly decoded: DecodedImage;
  readonly finished: Receipt | undefined;
}> {
  const bytes = await readImageFile(photo.path, photo.path, MAX_BYTES);
  const decoded = await decodeImage(bytes, { name: photo.path, maxBytes: MAX_BYTES });
  const output = outputOf(photo, decoded.format, settings.out, settings.receipts);
  const other = settings.claimed.get(output.photo);
  if (other !== undefined && other !== photo.path) {
    throw new InputError(`${photo.path} would be written to ${output.photo}, as ${other} is`, {
      hint: 'rename one of them, or protect them in two runs',
    });
  }
  settings.claimed.set(output.photo, photo.path);
  const before = await finishedReceipt(output);
  const isOurs = before?.input.sha256 === sha256Of(bytes);
  await requireFree(output, photo.path, { force: settings.force, isOurs, originals: settings.originals });
  return {
    output,
    bytes,
    decoded,
    finished: settings.resume && isOurs && before?.options === settings.options ? before : undefined,
  };
}

async function planPhoto(
  photo: PhotoToProtect,
  decoded: DecodedImage,
  { pipeline, recognise }: Pick<ProtectionWorkshop, 'pipeline' | 'recognise'>,
  policy: FacePolicy,
): Promise<PlannedPhoto> {
  const { faces, possible } = await findAllFaces(pipeline, decoded.image);
  if (faces.length === 0 && policy.withoutFaces === 'refuse') {
    throw new InputError(`${photo.path}: no face was found, and the policy refuses such photos`, {
      hint: 'look at it: a face that was missed has to be covered by hand; with "withoutFaces": "write" it is written without metadata',
    });
  }
  const people = faces.length > 0 ? await recognise(decoded.image, faces) : [];
  return {
    decoded,
    possible,
    faces: faces.map((face, place) => {
      const person = people[place];
      return { face, person, plan: policy.planOf(face, { photo: photo.relativePath, place, person }) };
    }),
  };
}

/** Does to each face what is planned: first attributes, then cloaks, then covers, so that nothing shows from under a cover. */
async function treatFaces(
  { decoded, faces }: PlannedPhoto,
  sha256: string,
  workshop: ProtectionWorkshop,
  { secret }: ProtectionSettings,
  job: JobOptions,
): Promise<{ readonly image: Image; readonly treated: readonly TreatedFace[] }> {
  let image = decoded.image;
  const treated = new Map<PlannedFace, TreatedFace>();
  const inOrder = faces.toSorted((a, b) => ORDER.indexOf(a.plan.action) - ORDER.indexOf(b.plan.action));
  for (const planned of inOrder) {
    throwIfAborted(job);
    // One person shows one draw in all photos of a run: draws that differ could be averaged.
    const whose =
      planned.person === undefined ? `photo ${sha256} face ${faces.indexOf(planned)}` : `person ${planned.person}`;
    // A cloak's seed tells nothing of what is drawn for the same person elsewhere.
    const label = planned.plan.action === 'cloak' ? `cloak of ${whose}` : whose;
    const others = faces.flatMap((one) => (one === planned ? [] : [one.face]));
    const result = await treatFace(image, planned, workshop, {
      ...job,
      secret: secretStream(secret, label),
      others,
    });
    image = result.image;
    treated.set(planned, result.treated);
  }
  return { image, treated: faces.flatMap((planned) => treated.get(planned) ?? []) };
}

async function treatFace(
  image: Image,
  { face, person, plan }: PlannedFace,
  { protection, cloak }: ProtectionWorkshop,
  { secret, others, ...job }: JobOptions & { readonly secret: UniformSource; readonly others: readonly Face[] },
): Promise<{ readonly image: Image; readonly treated: TreatedFace }> {
  const startMs = performance.now();
  const seconds = (): number => Number(((performance.now() - startMs) / 1000).toFixed(2));
  if (plan.action === 'keep') return { image, treated: { face, person, action: 'keep' } };
  if (plan.action === 'hide') {
    const { cover } = plan;
    return { image: await hideIdentity(image, face, cover), treated: { face, person, action: 'hide', cover } };
  }
  if (plan.action === 'cloak') {
    const random = new Random(Math.floor(secret.uniform() * 2 ** 32));
    const { signal } = job;
    const cloaked = await requireOpened(cloak).apply(image, [face], {
      strength: plan.strength,
      random,
      ...(signal ? { signal } : {}),
    });
    const { dssim = 0, largestChange = 0 } = cloaked.faces[0] ?? {};
    const figures = { dssim, largestChange, seconds: seconds() };
    return { image: cloaked.image, treated: { face, person, action: 'cloak', cloak: figures } };
  }
  const opened = requireOpened(protection);
  const { hide, steps, shares } = resolveWords(plan.words, opened.attributes);
  const { removal } = plan.words;
  const { image: edited, ...edit } = await opened.protect(image, face, {
    ...job,
    plan: { hide, removal, shares, edits: steps },
    secret,
    others,
  });
  const treated = { face, person, action: plan.action, edit, hide, removal, shares, steps, seconds: seconds() };
  return { image: edited, treated };
}

const ORDER: readonly FacePlan['action'][] = ['keep', 'attributes', 'cloak', 'hide'];

/** What the words of a user come to with an editor. @throws InputError for words that it cannot do. */
export function resolveWords(
  { hide, keep, edit, shares }: AttributeWords,
  editorAttributes: readonly string[],
): { readonly hide: HiddenAttributes; readonly steps: readonly EditStep[]; readonly shares: ShareOverrides } {
  if (hide.length === 0 && edit.length === 0) {
    throw new InputError('nothing is said of what to hide', { hint: 'give --hide sex,age, or --edit, or --policy' });
  }
  const steps = editSteps(edit, editorAttributes);
  const edited = steps.flatMap((step) =>
    step.kind === 'learnt' ? Object.entries(step.target).flatMap(([name, value]) => attributesSetBy(name, value)) : [],
  );
  return {
    hide: withoutEdited(resolveHidden(hide, keep, editorAttributes), edited),
    steps,
    // A share of nothing that is known would be passed over, and another be drawn from.
    shares: Object.fromEntries(
      Object.entries(shares).map(([name, share]) => [attributeNamed(name, editorAttributes), share]),
    ),
  };
}

function requireOpened<T>(tool: T | undefined): T {
  if (tool !== undefined) return tool;
  throw new CapabilityError('a face has a plan for which nothing was opened');
}

function provenanceOf(
  treated: readonly TreatedFace[],
  { faceward, encoders }: ProtectionSettings,
  isCovered: boolean,
): Parameters<typeof encodeProtectedPhoto>[2] {
  // Marked as edited even where nothing could be changed: without the mark, it would tell how the draw compares with the face.
  const actions = treated.map(({ action }) => action);
  const dssim = Math.max(0, ...treated.flatMap((one) => (one.action === 'cloak' ? one.cloak.dssim : [])));
  const used = encoders.flatMap(({ encoder: { id, hash }, role }) => (role === 'used' ? [{ id, hash }] : []));
  return {
    faceward,
    actions: FACE_ACTIONS.filter((action) => actions.includes(action) || (action === 'hide' && isCovered)),
    ...(actions.includes('cloak') ? { cloak: { encoders: used, dssim, faceward } } : {}),
  };
}

function reviewNotes({ decoded, faces, possible }: PlannedPhoto, covered: boolean): ReviewNotes {
  return {
    possible: possible.map(({ box, confidence }) => ({ box, confidence, covered })),
    belowQuality: faces.flatMap(({ face }, i) => {
      const reasons = shortcomings(assessQuality(decoded.image, face));
      return reasons.length > 0 ? [{ face: i, reasons }] : [];
    }),
  };
}

/** Why an edit and its test are to be mistrusted: recognition itself suffers from here on. */
function shortcomings({ eyeDistancePx, sharpness, pose, outside, contrast }: FaceQuality): string[] {
  return [
    ...(eyeDistancePx < 25 ? [`small: ${Math.round(eyeDistancePx)} px between the eyes`] : []),
    ...(sharpness < 60 ? ['blurred, or enlarged'] : []),
    ...(Math.abs(pose.yaw) > 35 ? [`turned by ${Math.round(Math.abs(pose.yaw))} degrees`] : []),
    ...(outside > 0.1 ? ['cut off by the photo’s edge'] : []),
    ...(contrast < 0.06 ? ['hardly any contrast'] : []),
  ];
}
