import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describeEncoder, makeReceipt } from '../audit/protection/make-receipt.ts';
import { type Receipt, writeReceipt } from '../audit/protection/receipt.ts';
import { personOfPath, type ReferencePhotos, sha256Of } from '../audit/protection/reference-photos.ts';
import { BUNDLED_ENCODERS } from '../encoder/bundled.ts';
import { readCloakProvenance } from '../image/cloaked-photo.ts';
import { decodeImage } from '../image/decode.ts';
import { InputError } from '../util/errors.ts';
import { readVersion } from './audit-output.ts';
import { command } from './command.ts';
import { pipelineSource } from './face-source.ts';
import { prepareOutputFile, writeOutputFile } from './output-file.ts';
import { printJson, printLine } from './print.ts';
import {
  openCleanPhotos,
  openTestEncoders,
  protectionArgs,
  SEVERAL_ENCODERS,
  severalOf,
} from './protection-encoders.ts';
import { receiptTable } from './receipt-table.ts';

/** `faceward protect check`: whether a photo, however it was protected, is still recognised. */
export const protectCheckCommand = command({
  name: 'protect check',
  description:
    'Tests whether the face of a photo is still recognised beside clean photos of the person: as it is, after JPEG, resizing, a screenshot and blur. The photo may be cloaked by any tool; nothing is changed.',
  examples: [
    'faceward protect check cloaked.jpg --against my-photos/',
    'faceward protect check cloaked.jpg --against people/ --person ann --json',
    'faceward protect check cloaked.jpg --against my-photos/ --test-encoders dlib,other.onnx --calibration other.json',
  ],
  args: {
    photo: { type: 'positional', description: 'the photo', required: true },
    against: {
      type: 'string',
      description: 'folder of clean photos of the person, or one with a folder for each person',
      required: true,
      valueHint: 'folder',
    },
    'test-encoders': {
      type: 'string',
      description: `encoders to test with, ${SEVERAL_ENCODERS}; default: ${BUNDLED_ENCODERS.join(',')}`,
      valueHint: 'encoders',
    },
    ...protectionArgs,
    out: { type: 'string', description: 'also write the receipt into this file', valueHint: 'file.json' },
    json: { type: 'boolean', description: 'print the receipt' },
  },
  repeatable: ['test-encoders', 'calibration'],
  async run({ args, job }) {
    if (args.out !== undefined) await prepareOutputFile(args.out);
    const { image } = await decodeImage(args.photo);
    const bytes = await readFile(args.photo);
    const provenance = readCloakProvenance(bytes);
    await using encoders = await openTestEncoders(
      [],
      severalOf(args['test-encoders'], BUNDLED_ENCODERS),
      args,
      ({ hash }) => provenance?.encoders.some((used) => used.hash === hash) ?? false,
    );
    await using source = pipelineSource(args);
    const pipeline = await source.openPipeline();
    const found = await pipeline.detect(image);
    if (found.length === 0) throw new InputError(`${args.photo}: no face was found`);
    const references = await openCleanPhotos(args.against, encoders.all, pipeline, job);
    const person = requirePerson(args.photo, args.person, references, sha256Of(bytes));
    const receipt = await makeReceipt(
      {
        kind: 'check',
        faceward: await readVersion(),
        options: createHash('sha256')
          .update(JSON.stringify(encoders.all.map(describeEncoder)))
          .digest('hex'),
        input: {
          name: basename(args.photo),
          sha256: sha256Of(bytes),
          widthPx: image.widthPx,
          heightPx: image.heightPx,
        },
        output: null,
        cloak: null,
        photo: image,
        clean: undefined,
        faces: found.map((face) => ({ face, cloak: null })),
        encoders: encoders.all,
        references,
        person,
      },
      { ...job, pipeline },
    );
    if (args.out !== undefined) await writeOutputFile(args.out, writeReceipt(receipt));
    if (args.json) printJson(receipt);
    else print(receipt);
  },
});

/** @throws InputError where it cannot be told whose photo it is, or there is no other photo of that person. */
function requirePerson(photo: string, given: string | undefined, references: ReferencePhotos, sha256: string): string {
  const person = given ?? personOfPath(photo, references.people);
  if (person === undefined || !references.people.has(person)) {
    throw new InputError(
      person === undefined ? `${photo}: whose photo is this?` : `there is no folder of photos of "${person}"`,
      { hint: `give --person with one of: ${[...references.people].slice(0, 8).join(', ')}` },
    );
  }
  if ((references.of(person, sha256)[0]?.own.length ?? 0) === 0) {
    throw new InputError(`there is no clean photo of ${person} but this one`, {
      hint: 'a recogniser knows a person from other photos: put some of them into the folder',
    });
  }
  return person;
}

function print(receipt: Receipt): void {
  printLine(`${receipt.verdict.toUpperCase()}  ${receipt.sentence}`);
  for (const face of receipt.faces) printLine(`\n${receiptTable(face, receipt.encoders)}`);
  printLine();
  for (const limit of receipt.limits) printLine(limit);
}
