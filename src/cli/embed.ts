import { alignedFace } from '../encoder/aligned-face.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { Face } from '../face/face.ts';
import { mainFace } from '../face/main-face.ts';
import type { FacePipeline } from '../face/pipeline.ts';
import type { Image } from '../image/image.ts';
import { command } from './command.ts';
import { encoderArgs, openEncoderFromArgs } from './encoder-options.ts';
import { pipelineSource } from './face-source.ts';
import { prepareOutputFile, writeOutputFile } from './output-file.ts';
import { readPhotos } from './photo-arguments.ts';
import { printError, printLine, printNote } from './print.ts';

/** `faceward embed`: embeddings of the faces in photos, as JSON lines. */
export const embedCommand = command({
  name: 'embed',
  description:
    'Writes the embeddings of the faces in photos as JSON lines. Embeddings are biometric templates: keep them as you keep fingerprints.',
  examples: [
    'faceward embed photo.jpg --out templates.jsonl',
    'faceward embed photos/ --encoder dlib --main > templates.jsonl',
    'faceward embed crops/ --encoder my.onnx --aligned --out templates.jsonl',
  ],
  args: {
    photos: { type: 'positional', description: 'photos, or folders of photos', required: true },
    out: { type: 'string', description: 'file to write, for this user alone; default: stdout', valueHint: 'file' },
    main: { type: 'boolean', description: 'the main face of each photo alone; default: all faces' },
    aligned: { type: 'boolean', description: 'the pictures are aligned faces already (ArcFace’s 112x112 template)' },
    ...encoderArgs,
  },
  manyPositionals: true,
  async run({ args, positionals, job }) {
    if (args.out !== undefined) await prepareOutputFile(args.out);
    const encoder = await openEncoderFromArgs(args);
    await using source = pipelineSource(args);
    try {
      const lines: string[] = [];
      const write = (line: string): void => {
        if (args.out === undefined) printLine(line);
        else lines.push(line);
      };
      let failures = 0;
      for await (const photo of readPhotos(positionals, job)) {
        if ('problem' in photo) {
          failures++;
          printError(photo.problem);
          continue;
        }
        const faces = args.aligned ? undefined : await findFaces(photo.image, args.main, await source.openPipeline());
        if (faces?.length === 0) printNote(`${photo.path}: no face was found`);
        for (const line of await embedPhoto(photo, faces, encoder)) write(line);
      }
      if (args.out !== undefined) {
        await writeOutputFile(args.out, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        printNote(
          `${args.out} holds ${lines.length} biometric templates: encrypt it, and delete it when it has served`,
        );
      } else printNote('these are biometric templates: do not log them');
      return failures > 0 ? 2 : 0;
    } finally {
      await encoder.close();
    }
  },
});

async function findFaces(image: Image, mainAlone: boolean | undefined, pipeline: FacePipeline): Promise<Face[]> {
  const faces = await pipeline.detect(image);
  if (!mainAlone) return faces;
  const main = mainFace(faces, image);
  return main ? [main] : [];
}

/** A line for each face; without `faces` the whole picture is one. */
async function embedPhoto(
  { path, image }: { readonly path: string; readonly image: Image },
  faces: readonly Face[] | undefined,
  encoder: Encoder,
): Promise<string[]> {
  const crops = faces
    ? faces.map(({ landmarks }) => alignedFace(image, landmarks, encoder.view))
    : [alignedFace(image, 'canonical', encoder.view)];
  const embeddings = crops.length > 0 ? await encoder.embed(crops) : [];
  return embeddings.map((embedding, i) =>
    JSON.stringify({
      file: path,
      face: i,
      ...(faces?.[i] ? { box: faces[i].box, confidence: faces[i].confidence } : {}),
      encoder: encoder.id,
      embedding: Array.from(embedding),
    }),
  );
}
