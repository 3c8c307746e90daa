import type { SessionOptions } from '../runtime/session.ts';
import { InputError } from '../util/errors.ts';
import { type BlackBoxOptions, CANONICAL_CROP } from './black-box.ts';
import { BUNDLED_ENCODERS, openBundledEncoder } from './bundled.ts';
import { type CmdEncoderOptions, openCmdEncoder } from './cmd-encoder.ts';
import type { Encoder, EncoderView } from './encoder.ts';
import { type HttpEncoderOptions, openHttpEncoder } from './http-encoder.ts';
import { shownAddress } from './http-request.ts';
import type { ModelConvention } from './model-convention.ts';
import { openOnnxFile } from './onnx-file-encoder.ts';

/** What {@link openEncoder} may need, by the kind of encoder. */
export interface OpenEncoderOptions extends SessionOptions {
  /** Folder for the bundled networks' translated files. */
  readonly cacheDir: string;
  /** How the encoder wants its image; goes before the JSON beside a model. For an endpoint or a program only size and box count. */
  readonly input?: ModelConvention;
  readonly http?: Omit<HttpEncoderOptions, 'view'>;
  readonly cmd?: Omit<CmdEncoderOptions, 'view'>;
  /** Told what had to be assumed, one sentence each. */
  readonly onLog?: (message: string) => void;
}

/** The forms of a spec, for help texts. */
export const ENCODER_FORMS = `${BUNDLED_ENCODERS.join(', ')}, path/to/model.onnx, https://…, cmd:program argument …`;

/**
 * Opens an encoder named by one string, of the forms of {@link ENCODER_FORMS}.
 *
 * @throws InputError where the string has none of these forms, or an option is of no use to that form; and what opening that form throws.
 */
export async function openEncoder(spec: string, options: OpenEncoderOptions): Promise<Encoder> {
  const bundled = BUNDLED_ENCODERS.find((name) => name === spec);
  if (bundled) {
    refuseConvention(spec, options.input, []);
    return openBundledEncoder(bundled, options);
  }
  if (/^https?:\/\//i.test(spec)) {
    if (/^http:/i.test(spec) && !isLoopback(spec)) {
      const url = URL.parse(spec);
      options.onLog?.(`${url ? shownAddress(url) : 'the endpoint'}: faces are sent unencrypted`);
    }
    return openHttpEncoder(spec, { ...options.http, ...foreignView(spec, options) });
  }
  if (spec.startsWith('cmd:')) {
    return openCmdEncoder(spec.slice('cmd:'.length), { ...options.cmd, ...foreignView(spec, options) });
  }
  if (/\.onnx$/i.test(spec)) {
    const { input: convention } = options;
    const { encoder, notes } = await openOnnxFile(spec, convention ? { ...options, convention } : options);
    for (const note of notes) options.onLog?.(`${spec}: ${note}`);
    return encoder;
  }
  throw new InputError(`"${spec}" names no encoder`, { hint: `an encoder is one of: ${ENCODER_FORMS}` });
}

/** The view of an encoder that takes plain pictures: only its size and box can be chosen. */
function foreignView(spec: string, { input }: OpenEncoderOptions): Pick<BlackBoxOptions, 'view'> {
  refuseConvention(spec, input, ['widthPx', 'heightPx', 'box']);
  if (!input) return {};
  const view: EncoderView = {
    box: input.box ?? CANONICAL_CROP.box,
    widthPx: input.widthPx ?? input.heightPx ?? CANONICAL_CROP.widthPx,
    heightPx: input.heightPx ?? input.widthPx ?? CANONICAL_CROP.heightPx,
  };
  return { view };
}

function refuseConvention(spec: string, input: ModelConvention = {}, allowed: readonly string[]): void {
  const refused = Object.entries(input).filter(([key, value]) => value !== undefined && !allowed.includes(key));
  if (refused.length === 0) return;
  throw new InputError(`the encoder "${spec}" cannot be told its ${refused.map(([key]) => key).join(', ')}`, {
    hint: 'only an .onnx file takes all of these; an endpoint or a program takes size and box',
  });
}

function isLoopback(address: string): boolean {
  const host = URL.parse(address)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
