import { join, resolve } from 'node:path';
import { InputError } from '../util/errors.ts';
import { type AlignmentOptions, markAligned } from './alignment-check.ts';
import { datasetName } from './folder.ts';
import { isFile, readPhotoFolder, requireFolder } from './photo-files.ts';
import { describePhotos, type FaceDataset } from './sample.ts';
import { lineError, parseCount, readLines, type TextLine } from './text-lines.ts';

/** A row of CelebA's labels. */
interface LabelRow {
  readonly file: string;
  readonly identity: number;
  readonly attributes: Readonly<Record<string, boolean>>;
}

/** Where CelebA's labels lie. */
export type CelebaLabels =
  | { readonly format: 'csv'; readonly file: string }
  | { readonly format: 'original'; readonly attributes: string; readonly identities: string };

/**
 * Loads CelebA: photos in `images`, `img_align_celeba`, `Img/img_align_celeba` or the root itself, and their labels either in `attributes.csv`
 * (file, identity, one column for each attribute) or as published (`list_attr_celeba.txt` and `identity_CelebA.txt`, in the root or in `Anno`).
 *
 * People are called `celeba-<identity>`. Rows without a photo are left out and counted, since subsets are common; so are photos without a row.
 * CelebA's own alignment (178x218 px) is not the canonical frame.
 *
 * Source: Liu, Luo, Wang, Tang, Deep Learning Face Attributes in the Wild, ICCV 2015; the README of its download.
 *
 * @throws InputError where labels or photos are not found, or with the line number where a line is malformed.
 */
export async function loadCelebA(root: string, options: AlignmentOptions = {}): Promise<FaceDataset> {
  const top = resolve(root);
  const labels = await findCelebaLabels(top);
  if (labels === undefined) {
    throw new InputError(`${top}: there are no labels of CelebA here`, {
      hint: 'attributes.csv is needed, or both list_attr_celeba.txt and identity_CelebA.txt',
    });
  }
  const rows = labels.format === 'csv' ? await readCsv(labels.file) : await readOriginal(labels);
  const photos = await findPhotos(top);
  const unmarked = rows
    .filter((row) => photos.names.has(row.file))
    .map((row) => ({
      id: row.file,
      person: `celeba-${row.identity}`,
      path: join(photos.folder, row.file),
      attributes: row.attributes,
    }));
  if (unmarked.length === 0) {
    throw new InputError(`${photos.folder}: no photo here has a row among CelebA's labels`, {
      hint: 'CelebA photos are called 000001.jpg and so on, in a folder images or img_align_celeba',
    });
  }
  const samples = await markAligned(unmarked, options);
  const left = rows.length - samples.length;
  const unlabelled = photos.names.size - samples.length;
  const aside = [
    ...(left > 0 ? [`rows left out for want of a photo: ${left}`] : []),
    ...(unlabelled > 0 ? [`photos left out for want of a row: ${unlabelled}`] : []),
  ];
  const attributeCount = Object.keys(rows[0]?.attributes ?? {}).length;
  return {
    name: datasetName(top),
    root: photos.folder,
    kind: 'celeba',
    description: [`CelebA: ${describePhotos(samples)}, ${attributeCount} attributes`, ...aside].join(', '),
    samples,
  };
}

/** The labels of CelebA in a folder; undefined where there are none, or only the attributes without the identities. */
export async function findCelebaLabels(root: string): Promise<CelebaLabels | undefined> {
  const csv = join(root, 'attributes.csv');
  if ((await isFile(csv)) && /^file,identity,/.test((await readLines(csv))[0]?.text ?? '')) {
    return { format: 'csv', file: csv };
  }
  for (const folder of [root, join(root, 'Anno')]) {
    const attributes = join(folder, 'list_attr_celeba.txt');
    const identities = join(folder, 'identity_CelebA.txt');
    if ((await isFile(attributes)) && (await isFile(identities))) return { format: 'original', attributes, identities };
  }
  return undefined;
}

async function findPhotos(root: string): Promise<{ readonly folder: string; readonly names: ReadonlySet<string> }> {
  for (const name of ['images', 'img_align_celeba', join('Img', 'img_align_celeba'), '.']) {
    const folder = join(root, name);
    const isFolder = await requireFolder(folder).then(
      () => true,
      () => false,
    );
    if (isFolder) {
      const { photos } = await readPhotoFolder(folder);
      if (photos.length > 0) return { folder, names: new Set(photos) };
    }
  }
  throw new InputError(`${root}: there are labels of CelebA but no photos`, {
    hint: 'put the photos in a folder images or img_align_celeba',
  });
}

async function readCsv(file: string): Promise<LabelRow[]> {
  const [header, ...lines] = await readLines(file);
  const names = (header?.text ?? '').split(',').slice(2);
  return lines.map((line) => {
    const [name = '', identity, ...values] = line.text.split(',');
    return labelRow({ file: name, identity, names, values }, { path: file, line });
  });
}

async function readOriginal(labels: { readonly attributes: string; readonly identities: string }): Promise<LabelRow[]> {
  const identities = new Map<string, string>();
  for (const line of await readLines(labels.identities)) {
    const [file = '', identity, ...rest] = line.text.split(/\s+/);
    if (parseCount(identity) === undefined || rest.length > 0) {
      throw lineError(labels.identities, line, 'this must be a file and the number of a person');
    }
    identities.set(file, identity ?? '');
  }
  const [count, header, ...lines] = await readLines(labels.attributes);
  const promised = parseCount(count?.text);
  if (promised === undefined) {
    throw lineError(labels.attributes, count, 'the first line must give the number of rows');
  }
  if (promised !== lines.length) {
    throw lineError(labels.attributes, count, `${promised} rows are promised, but there are ${lines.length}`);
  }
  const names = (header?.text ?? '').split(/\s+/);
  return lines.map((line) => {
    const [file = '', ...values] = line.text.split(/\s+/);
    return labelRow({ file, identity: identities.get(file), names, values }, { path: labels.attributes, line });
  });
}

function labelRow(
  row: {
    readonly file: string;
    readonly identity: string | undefined;
    readonly names: readonly string[];
    readonly values: readonly string[];
  },
  at: { readonly path: string; readonly line: TextLine },
): LabelRow {
  const identity = parseCount(row.identity);
  if (identity === undefined) throw lineError(at.path, at.line, `no person is known for ${row.file}`);
  if (row.values.length !== row.names.length) {
    throw lineError(at.path, at.line, `${row.names.length} attributes are needed, not ${row.values.length}`);
  }
  const attributes = row.names.map((name, i): [string, boolean] => {
    const value = row.values[i];
    if (value !== '1' && value !== '-1') throw lineError(at.path, at.line, `${name} must be 1 or -1, not "${value}"`);
    return [name, value === '1'];
  });
  return { file: row.file, identity, attributes: Object.fromEntries(attributes) };
}
