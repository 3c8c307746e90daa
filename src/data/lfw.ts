import { basename, dirname, join, parse, resolve } from 'node:path';
import { InputError } from '../util/errors.ts';
import type { AlignmentOptions } from './alignment-check.ts';
import { loadFolder } from './folder.ts';
import { isFile } from './photo-files.ts';
import { describePhotos, type FaceDataset, type FacePair, type FaceSample } from './sample.ts';
import { lineError, parseCount, readLines, type TextLine } from './text-lines.ts';

/** How {@link loadLfw} finds its protocol. */
export interface LfwOptions extends AlignmentOptions {
  /** Path of `pairs.txt`; default: looked for in the root, beside it, and in `lfw-labels` beside it. */
  readonly pairsFile?: string;
}

/** One side of a pair as the protocol names it: the person and the number of their image. */
interface PairSide {
  readonly person: string;
  readonly number: number;
}

interface ProtocolPair {
  readonly sides: readonly [PairSide, PairSide];
  readonly same: boolean;
  readonly fold: number;
  readonly line: TextLine;
}

/**
 * Loads Labeled Faces in the Wild with its View 2 protocol: folders of people, and `pairs.txt` with 10 folds of 300 genuine and 300 impostor pairs.
 *
 * Any data set of the same form will do: `Name/Name_0001.jpg` with any extension of a photo, and a header of "folds, pairs of each kind in a fold".
 *
 * Source: http://vis-www.cs.umass.edu/lfw/README.txt, section "pairs.txt format".
 *
 * @throws InputError where no photo or no `pairs.txt` is found, with its line number where a line is malformed or names an image that is absent.
 */
export async function loadLfw(root: string, options: LfwOptions = {}): Promise<FaceDataset> {
  const pairsFile = options.pairsFile ?? (await findPairsFile(root));
  if (pairsFile === undefined) {
    throw new InputError(`${resolve(root)}: there is no pairs.txt here`, {
      hint: 'name the protocol file of LFW, View 2',
    });
  }
  const folder = await loadFolder(root, options);
  const protocol = await readProtocol(pairsFile);
  const pairs = matchPairs(protocol, folder.samples, pairsFile);
  const folds = new Set(pairs.map((pair) => pair.fold)).size;
  return {
    ...folder,
    kind: 'lfw',
    description: `LFW: ${describePhotos(folder.samples)}, ${pairs.length} pairs in ${folds} folds from ${pairsFile}`,
    pairs,
  };
}

/** The `pairs.txt` of a data set: in its root, beside it, or in `lfw-labels` beside it; undefined where there is none. */
export async function findPairsFile(root: string): Promise<string | undefined> {
  const top = resolve(root);
  const places = [top, join(top, 'images'), dirname(top), join(dirname(top), 'lfw-labels')];
  if (basename(top) === 'images') places.push(join(dirname(dirname(top)), 'lfw-labels'));
  for (const place of places) {
    const file = join(place, 'pairs.txt');
    if (await isFile(file)) return file;
  }
  return undefined;
}

/**
 * Reads a `pairs.txt`: pairs by person and image number, not yet matched with files.
 *
 * @throws InputError with the line number where the header, a line or the number of lines is wrong.
 */
async function readProtocol(pairsFile: string): Promise<ProtocolPair[]> {
  const [header, ...lines] = await readLines(pairsFile);
  const [folds, pairsPerKind, ...rest] = (header?.text ?? '').split(/\s+/).map(parseCount);
  if (folds === undefined || pairsPerKind === undefined || rest.length > 0) {
    throw lineError(pairsFile, header, 'the header must give two numbers: folds, and pairs of each kind in a fold');
  }
  const expected = folds * pairsPerKind * 2;
  if (lines.length !== expected) {
    throw lineError(pairsFile, header, `the header promises ${expected} pairs, but there are ${lines.length}`);
  }
  return lines.map((line, i) => {
    const fold = Math.floor(i / (2 * pairsPerKind));
    const same = i % (2 * pairsPerKind) < pairsPerKind;
    return { sides: parseSides(line, same, pairsFile), same, fold, line };
  });
}

function parseSides(line: TextLine, same: boolean, pairsFile: string): readonly [PairSide, PairSide] {
  // Tabs part the fields in the official file, so that a name may hold spaces; other copies use spaces.
  const fields = line.text.split(line.text.includes('\t') ? '\t' : /\s+/);
  const wanted = same ? 'a genuine pair: name, number, number' : 'an impostor pair: name, number, name, number';
  if (fields.length !== (same ? 3 : 4)) throw lineError(pairsFile, line, `this must be ${wanted}`);
  const a = { person: fields[0], number: parseCount(fields[1]) };
  const b = same
    ? { person: fields[0], number: parseCount(fields[2]) }
    : { person: fields[2], number: parseCount(fields[3]) };
  if (!isSide(a) || !isSide(b)) throw lineError(pairsFile, line, `this must be ${wanted}, with numbers from 1`);
  if (!same && a.person === b.person) throw lineError(pairsFile, line, 'an impostor pair must name two people');
  return [a, b];
}

function isSide(side: { person: string | undefined; number: number | undefined }): side is PairSide {
  return side.person !== undefined && side.person !== '' && side.number !== undefined;
}

function matchPairs(protocol: readonly ProtocolPair[], samples: readonly FaceSample[], pairsFile: string): FacePair[] {
  const idOf = new Map(samples.map((sample) => [`${sample.person}/${parse(sample.id).name}`, sample.id]));
  const find = ({ person, number }: PairSide, line: TextLine): string => {
    const stem = `${person}_${String(number).padStart(4, '0')}`;
    const id = idOf.get(`${person}/${stem}`);
    if (id === undefined) throw lineError(pairsFile, line, `the image ${person}/${stem} is not among the photos`);
    return id;
  };
  return protocol.map(({ sides, same, fold, line }) => ({
    a: find(sides[0], line),
    b: find(sides[1], line),
    same,
    fold,
  }));
}
