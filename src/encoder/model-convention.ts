import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Box } from '../face/face.ts';
import { InputError } from '../util/errors.ts';
import { type InputConvention, PIXEL_RANGES } from './input-convention.ts';

/** How an encoder's file is to be used; what is left out is taken from the graph, or assumed and noted. */
export interface ModelConvention extends InputConvention {
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** The part of the canonical 112x112 frame that the network looks at. Default: all of it. */
  readonly box?: Box;
}

const triple = z.union([z.number(), z.tuple([z.number(), z.number(), z.number()])]);
const px = z.int().min(8).max(2048);

const statistics = z
  .strictObject({
    mean: triple,
    std: triple.refine((std) => [std].flat().every((value) => value > 0), 'must be above 0'),
    /** White's value in the units of mean and std: 1 or 255. */
    scale: z.union([z.literal(1), z.literal(255)]).default(1),
  })
  .refine(({ mean, scale }) => scale === 255 || [mean].flat().every((value) => value <= 1), {
    error: 'a mean above 1 is in units of 0..255: add "scale": 255',
  });

/**
 * The JSON that lies beside a model, `model.json` or `model.onnx.json`. All keys are optional; docs/encoders.md documents them.
 */
export const modelFileSchema = z.strictObject({
  size: z.union([px, z.tuple([px, px])]).optional(),
  layout: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['nchw', 'nhwc']))
    .optional(),
  channels: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['rgb', 'bgr', 'gray']))
    .optional(),
  range: z.union([z.enum(PIXEL_RANGES), statistics]).optional(),
  alignment: z
    .strictObject({
      template: z.literal('arcface112'),
      /** x, y, width, height in units of the template. */
      box: z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()]).optional(),
    })
    .optional(),
  flip: z.boolean().optional(),
  input: z.string().optional(),
  output: z.string().optional(),
});

/**
 * Reads the convention from the JSON beside a model (`model.onnx.json`, else `model.json`).
 *
 * @returns undefined where there is none.
 * @throws InputError where it is no JSON, or not of {@link modelFileSchema}.
 */
export async function readModelConvention(
  modelPath: string,
): Promise<{ readonly path: string; readonly convention: ModelConvention } | undefined> {
  for (const path of [`${modelPath}.json`, modelPath.replace(/\.onnx$/i, '.json')]) {
    const text = await readIfThere(path);
    if (text !== undefined) return { path, convention: parseModelConvention(text, path) };
  }
  return undefined;
}

/** Parses such a JSON; `name` is for messages. @throws InputError */
export function parseModelConvention(text: string, name: string): ModelConvention {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${name} is no JSON`, { cause });
  }
  const parsed = modelFileSchema.safeParse(json);
  if (!parsed.success) {
    throw new InputError(`${name} does not describe an encoder: ${z.prettifyError(parsed.error)}`, {
      hint: 'docs/encoders.md lists the keys; rename the file where it belongs to something else',
    });
  }
  return toConvention(parsed.data);
}

function toConvention(file: z.infer<typeof modelFileSchema>): ModelConvention {
  const [widthPx, heightPx] = typeof file.size === 'number' ? [file.size, file.size] : (file.size ?? []);
  const [x, y, width, height] = file.alignment?.box ?? [];
  return dropUndefined({
    widthPx,
    heightPx,
    box: x === undefined || y === undefined || !width || !height ? undefined : { x, y, width, height },
    layout: file.layout,
    channels: file.channels,
    range: typeof file.range === 'object' ? toStatistics(file.range) : file.range,
    flip: file.flip,
    input: file.input,
    output: file.output,
  });
}

function toStatistics({ mean, std, scale }: z.infer<typeof statistics>): InputConvention['range'] {
  const perChannel = (value: number | readonly [number, number, number]): readonly [number, number, number] => {
    const [red, green, blue] = typeof value === 'number' ? [value, value, value] : value;
    return [red / scale, green / scale, blue / scale];
  };
  return { mean: perChannel(mean), deviation: perChannel(std) };
}

/** Leaves out keys without a value, so that they do not hide those of a convention that this one is laid over. */
export function dropUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new InputError(`${path} cannot be read`, { cause });
  }
}
