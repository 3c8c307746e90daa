import { join } from 'node:path';
import type { ArgsDef } from 'citty';
import { EmbeddingCache } from '../data/embedding-cache.ts';
import { defendEncoder } from '../defence/input/defended-encoder.ts';
import { INPUT_DEFENCE_FORMS, parseInputDefences } from '../defence/input/input-defence.ts';
import { cachedEncoder } from '../encoder/cached-encoder.ts';
import type { Encoder } from '../encoder/encoder.ts';
import type { HttpEncoderOptions } from '../encoder/http-encoder.ts';
import { parseModelConvention } from '../encoder/model-convention.ts';
import { ENCODER_FORMS, openEncoder } from '../encoder/open-encoder.ts';
import { DEVICES } from '../runtime/device.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import { cacheDirectory } from './cache-directory.ts';
import { readHeaderFile } from './header-file.ts';
import { oneOf, positiveNumber, wholeNumber } from './option-values.ts';
import { printNote } from './print.ts';

/** Options of every command that runs a network. */
export const sessionArgs = {
  device: {
    type: 'string',
    description: `where networks run: ${DEVICES.join(', ')}`,
    default: 'cpu',
    valueHint: 'device',
  },
  threads: {
    type: 'string',
    description:
      'threads for one network; default: one for each core. The same seed gives the same numbers to the last bit only with as many threads',
    valueHint: 'n',
  },
} as const satisfies ArgsDef;

/** Options of every command that asks an encoder. */
export const encoderArgs = {
  encoder: { type: 'string', description: `${ENCODER_FORMS}`, default: 'faceres', valueHint: 'encoder' },
  size: { type: 'string', description: 'face that the encoder takes, in px: 112 or 112x96', valueHint: 'px' },
  layout: { type: 'string', description: 'nchw or nhwc', valueHint: 'layout' },
  channels: { type: 'string', description: 'rgb or bgr', valueHint: 'order' },
  range: { type: 'string', description: '0..1, -1..1 or 0..255', valueHint: 'range' },
  mean: {
    type: 'string',
    description: 'in place of --range: mean, one number or three, of a face in 0..255',
    valueHint: 'r,g,b',
  },
  std: { type: 'string', description: 'in place of --range: deviation, as --mean', valueHint: 'r,g,b' },
  box: { type: 'string', description: 'part of the 112x112 template that the encoder looks at', valueHint: 'x,y,w,h' },
  flip: { type: 'boolean', description: 'embed the mirrored face too and take the mean' },
  defence: {
    type: 'string',
    description: `what is done to a face before the encoder sees it: ${INPUT_DEFENCE_FORMS}`,
    valueHint: 'defence',
  },
  ownership: {
    type: 'string',
    description: 'for an endpoint: who says that you own it or may test it',
    valueHint: 'text',
  },
  headers: {
    type: 'string',
    description: 'for an endpoint: file of headers to send, one “name: value” a line, such as authorization',
    valueHint: 'file',
  },
  body: {
    type: 'string',
    description: 'for an endpoint: png (the picture itself) or json ({"image": "<base64>"}); default: png',
    valueHint: 'form',
  },
  'requests-per-second': { type: 'string', description: 'for an endpoint, at most; default: 10', valueHint: 'n' },
  ...sessionArgs,
} as const satisfies ArgsDef;

/** The values of {@link encoderArgs}. */
export interface EncoderArgs extends SessionArgs {
  readonly encoder: string;
  readonly size?: string | undefined;
  readonly layout?: string | undefined;
  readonly channels?: string | undefined;
  readonly range?: string | undefined;
  readonly mean?: string | undefined;
  readonly std?: string | undefined;
  readonly box?: string | undefined;
  readonly flip?: boolean | undefined;
  readonly defence?: string | undefined;
  readonly ownership?: string | undefined;
  readonly headers?: string | undefined;
  readonly body?: string | undefined;
  readonly 'requests-per-second'?: string | undefined;
}

/** The values of {@link sessionArgs}. */
export interface SessionArgs {
  readonly device: string;
  readonly threads?: string | undefined;
}

/** Session options as the command line gives them. @throws InputError for a device that does not exist, or a bad number. */
export function sessionOptions(args: SessionArgs): SessionOptions {
  const threads = wholeNumber(args.threads, '--threads', { min: 1, max: 1024 });
  const device = oneOf(args.device, '--device', DEVICES);
  return threads === undefined ? { device } : { device, threads };
}

/**
 * Opens the encoder that the command line names; what had to be assumed of it is noted on stderr.
 *
 * @param spec - default: `args.encoder`; another one, such as a judge, is opened without the options that describe the image, without defences, and without the headers that are meant for another.
 * @throws InputError for an option that does not fit; and what opening it throws.
 */
export async function openEncoderFromArgs(args: EncoderArgs, spec = args.encoder): Promise<Encoder> {
  const isOwn = spec === args.encoder;
  const defences = isOwn && args.defence !== undefined ? parseInputDefences(args.defence) : [];
  const input = isOwn ? conventionOf(args) : undefined;
  const encoder = await openEncoder(spec, {
    ...sessionOptions(args),
    cacheDir: cacheDirectory(),
    onLog: printNote,
    ...(input === undefined ? {} : { input }),
    http: {
      ...(args.ownership === undefined ? {} : { ownership: args.ownership }),
      ...(isOwn ? await endpointOptions(args) : {}),
    },
  });
  return defences.length > 0 ? defendEncoder(encoder, defences, { seed: DEFENCE_SEED }) : encoder;
}

/** How the endpoint under test is asked; what is given for another kind of encoder is of no use and refused. */
async function endpointOptions(args: EncoderArgs): Promise<Omit<HttpEncoderOptions, 'view' | 'ownership'>> {
  const { headers, 'requests-per-second': pace } = args;
  const body = oneOf(args.body, '--body', ['png', 'json']);
  const given = Object.entries({ headers, body, 'requests-per-second': pace }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length > 0 && !/^https?:/i.test(args.encoder)) {
    throw new InputError(`--${given[0]?.[0]} is for an endpoint, and "${args.encoder}" is none`);
  }
  return {
    ...(headers === undefined ? {} : { headers: await readHeaderFile(headers) }),
    ...(body === undefined ? {} : { body }),
    ...(pace === undefined ? {} : { requestsPerSecond: positiveNumber(pace, '--requests-per-second') }),
  };
}

/** Of random defences: the same photos in the same order are treated alike in every run. */
const DEFENCE_SEED = 1;

/** An encoder in front of a cache on disk; disposing of it closes both. */
export interface CachedEncoderSource extends AsyncDisposable {
  readonly encoder: Encoder;
}

/**
 * The same with a cache of embeddings on disk (encrypted, in the cache folder): for data sets, whose photos are seen again and again.
 *
 * @throws as {@link openEncoderFromArgs}; StoreError where the cache cannot be used.
 */
export async function openCachedEncoder(args: EncoderArgs, spec = args.encoder): Promise<CachedEncoderSource> {
  const encoder = await openEncoderFromArgs(args, spec);
  const cache = await EmbeddingCache.open(join(cacheDirectory(), 'embeddings'), {
    encoderHash: encoder.hash,
    embeddingSize: encoder.embeddingSize,
  });
  return {
    encoder: cachedEncoder(encoder, cache),
    async [Symbol.asyncDispose]() {
      await encoder.close();
      await cache.close();
    },
  };
}

/** The options in the form of the JSON beside a model, so that one place says what is allowed. */
function conventionOf(args: EncoderArgs): ReturnType<typeof parseModelConvention> | undefined {
  if (args.range !== undefined && (args.mean !== undefined || args.std !== undefined)) {
    throw new InputError('--range and --mean, --std say the same thing twice', { hint: 'give one of them' });
  }
  if ((args.mean === undefined) !== (args.std === undefined)) throw new InputError('--mean and --std come together');
  const file = {
    size: args.size === undefined ? undefined : oneOrMany(numbers(args.size, '--size', /x/)),
    layout: args.layout,
    channels: args.channels,
    range:
      args.mean !== undefined && args.std !== undefined
        ? { mean: oneOrMany(numbers(args.mean, '--mean')), std: oneOrMany(numbers(args.std, '--std')), scale: 255 }
        : args.range,
    alignment: args.box === undefined ? undefined : { template: 'arcface112', box: numbers(args.box, '--box') },
    flip: args.flip,
  };
  if (Object.values(file).every((value) => value === undefined)) return undefined;
  return parseModelConvention(JSON.stringify(file), 'the command line');
}

function numbers(text: string, option: string, separator = /,/): number[] {
  const values = text.split(separator).map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.every(Number.isFinite)) return values;
  throw new InputError(`${option} ${text} is no list of numbers`);
}

function oneOrMany(values: readonly number[]): number | readonly number[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}
