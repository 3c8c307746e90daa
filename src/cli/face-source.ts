import type { ArgsDef } from 'citty';
import { createFacePipeline, type FacePipeline } from '../face/pipeline.ts';
import { decodeImage } from '../image/decode.ts';
import { type FaceSessions, openFaceSessions } from '../runtime/bundled-sessions.ts';
import { cacheDirectory } from './cache-directory.ts';
import { type SessionArgs, sessionOptions } from './encoder-options.ts';

/** The data set of every command that needs faces of many people. */
export const peopleArgs = {
  data: {
    type: 'string',
    description: 'folder with one folder of photos for each person',
    required: true,
    valueHint: 'folder',
  },
} as const satisfies ArgsDef;

/** The face pipeline, opened when it is first asked for, and closed with what it holds. */
export interface PipelineSource extends AsyncDisposable {
  readonly openPipeline: () => Promise<FacePipeline>;
  /** The networks of the pipeline themselves, for what follows a face through a clip. */
  readonly openSessions: () => Promise<FaceSessions>;
}

/** A source of the face pipeline on the device that the command line names. */
export function pipelineSource(args: SessionArgs): PipelineSource {
  let sessions: Promise<FaceSessions> | undefined;
  const openSessions = (): Promise<FaceSessions> => {
    sessions ??= openFaceSessions({ ...sessionOptions(args), cacheDir: cacheDirectory() });
    return sessions;
  };
  return {
    openSessions,
    openPipeline: async () => createFacePipeline(await openSessions()),
    async [Symbol.asyncDispose]() {
      const opened = await sessions?.catch(() => undefined);
      await opened?.detector.release();
      await opened?.mesh.release();
    },
  };
}

/** Size of a photo, for the loaders of data sets. @throws InputError where it cannot be read. */
export async function readPhotoSize(path: string): Promise<{ readonly widthPx: number; readonly heightPx: number }> {
  const { originalWidthPx, originalHeightPx } = await decodeImage(path);
  return { widthPx: originalWidthPx, heightPx: originalHeightPx };
}
