import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArgsDef } from 'citty';
import { readModel } from '../audit/inversion/shipped.ts';
import { type AttributeEditor, openEditor } from '../defence/photo/attribute/editor.ts';
import type { AttributeReader } from '../face/attribute-reader.ts';
import { BUNDLED_READERS, openBundledReader } from '../face/bundled-readers.ts';
import { openAttributeReader } from '../face/open-attribute-reader.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { CapabilityError } from '../util/errors.ts';
import { cacheDirectory } from './cache-directory.ts';
import { listOf } from './option-values.ts';
import { printNote } from './print.ts';

/** Options of the commands that change and read attributes. */
export const attributeModelArgs = {
  editor: {
    type: 'string',
    description: 'editor made by faceward train editor; default: the shipped one',
    valueHint: 'file',
  },
  reader: {
    type: 'string',
    description:
      'reader that tells the editor what a face has, made by faceward train attributes; default: the shipped one',
    valueHint: 'file',
  },
  judges: {
    type: 'string',
    description: `readers that the result is only tested on, several by commas: files, or ${BUNDLED_READERS.join(' and ')}, which others trained to read sex and age; default: the shipped one`,
    valueHint: 'readers',
  },
} as const satisfies ArgsDef;

/** The values of {@link attributeModelArgs}. */
export interface AttributeModelArgs {
  readonly editor?: string | undefined;
  readonly reader?: string | undefined;
  readonly judges?: string | undefined;
}

/** A network with what identifies it. */
export interface OpenedModel<T> {
  readonly model: T;
  readonly id: string;
  /** SHA-256 of its file. */
  readonly hash: string;
}

/** An editor, its reader, and readers that it was not made with; disposing of them closes them. */
export interface AttributeModels extends AsyncDisposable {
  readonly editor: OpenedModel<AttributeEditor>;
  readonly reader: OpenedModel<AttributeReader>;
  readonly judges: readonly OpenedModel<AttributeReader>[];
}

/** Our own models by their place in the package: two folders up from src/cli and from dist/cli alike. */
export const shippedModel = (name: string): string => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));

/**
 * Opens the networks that change and read attributes.
 *
 * @throws CapabilityError where one is neither given nor shipped; ModelFileError where a file is none of its kind.
 */
export async function openAttributeModels(args: AttributeModelArgs, options: SessionOptions): Promise<AttributeModels> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing) await one();
  };
  const opened = async <T extends { close(): Promise<void> }>(
    path: string,
    open: (graph: Awaited<ReturnType<typeof readModel>>, hash: string) => Promise<T>,
  ): Promise<OpenedModel<T>> => {
    const graph = await readModel(path);
    const hash = graph.metadata.sha256 ?? '';
    const model = await open(graph, hash);
    closing.push(() => model.close());
    return { model, hash, id: 'id' in model && typeof model.id === 'string' ? model.id : `editor-${hash.slice(0, 8)}` };
  };
  const openReader = (path: string): Promise<OpenedModel<AttributeReader>> =>
    opened(path, (graph, hash) => openAttributeReader(graph, { ...options, hash, id: basename(path, '.onnx') }));
  try {
    const editor = await opened(pathOf(args.editor, 'attribute-editor.onnx', '--editor'), (graph) =>
      openEditor(graph, options),
    );
    const reader = await openReader(pathOf(args.reader, 'attribute-reader.onnx', '--reader'));
    const judges: OpenedModel<AttributeReader>[] = [];
    for (const spec of judgeSpecs(args)) {
      const bundled = BUNDLED_READERS.find((name) => name === spec);
      if (!bundled) judges.push(await openReader(spec));
      else {
        const model = await openBundledReader(bundled, { ...options, cacheDir: cacheDirectory() });
        closing.push(() => model.close());
        judges.push({ model, hash: model.hash, id: model.id });
      }
    }
    const independent = judges.filter(({ hash }) => hash !== reader.hash);
    if (independent.length < judges.length)
      printNote('the editor’s own reader is no judge of it: left out of --judges');
    return { editor, reader, judges: independent, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function pathOf(given: string | undefined, name: string, option: string): string {
  const path = given ?? shippedModel(name);
  if (given !== undefined || existsSync(path)) return path;
  throw new CapabilityError(`${name} does not come with this copy of Faceward`, { hint: `name a file with ${option}` });
}

/** Files, and names of bundled readers. */
function judgeSpecs({ judges }: AttributeModelArgs): string[] {
  if (judges !== undefined) return listOf(judges);
  const path = shippedModel('attribute-judge.onnx');
  if (existsSync(path)) return [path];
  printNote('there is no independent reader to test with: what leaks is not measured; name one with --judges');
  return [];
}
