#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { InputError } from '../util/errors.ts';
import type { Command } from './command.ts';
import { reportError } from './error-report.ts';
import { printLine } from './print.ts';

/** A command's line in the help, and how its file is loaded: only then, so that the help is there at once. */
interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** All commands by the words that call them. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  audit: {
    summary: 'the audit of templates, on the bundled encoder and sample photos unless told otherwise',
    load: async () => (await import('./audit-inversion.ts')).auditInversionCommand,
  },
  'audit inversion': {
    summary: 'measure how much of a face an encoder’s templates give away',
    load: async () => (await import('./audit-inversion.ts')).auditInversionCommand,
  },
  'audit robustness': {
    summary: 'measure how an encoder can be fooled by small changes of a photo, and what defences are worth',
    load: async () => (await import('./audit-robustness.ts')).auditRobustnessCommand,
  },
  'audit attributes': {
    summary:
      'measure what templates and photos give away of sex, age and other attributes, and what a protection changes',
    load: async () => (await import('./audit-attributes.ts')).auditAttributesCommand,
  },
  'audit training': {
    summary: 'measure what a trained model gives away of the people it was trained on',
    load: async () => (await import('./audit-training.ts')).auditTrainingCommand,
  },
  'audit liveness': {
    summary: 'measure which attacks, made of photos, get past a liveness check',
    load: async () => (await import('./audit-liveness.ts')).auditLivenessCommand,
  },
  'audit token': {
    summary: 'let an audit of your own verification past the refusal of our own mark',
    load: async () => (await import('./audit-token.ts')).auditTokenCommand,
  },
  'train inverter': {
    summary: 'train the black-box inverter of an encoder',
    load: async () => (await import('./train-inverter.ts')).trainInverterCommand,
  },
  'train generator': {
    summary: 'train the generator of faces that the white-box attacks use',
    load: async () => (await import('./train-generator.ts')).trainGeneratorCommand,
  },
  'train encoder': {
    summary: 'train an encoder, with augmentation and adversarial training where asked',
    load: async () => (await import('./train-encoder.ts')).trainEncoderCommand,
  },
  'train denoiser': {
    summary: 'train a denoising auto-encoder to put before an encoder',
    load: async () => (await import('./train-denoiser.ts')).trainDenoiserCommand,
  },
  'train editor': {
    summary: 'train an editor that changes or removes attributes of faces, such as age or glasses',
    load: async () => (await import('./train-editor.ts')).trainEditorCommand,
  },
  'train translator': {
    summary: 'train a translator of one person’s faces to another’s, to measure whether an encoder is deceived',
    load: async () => (await import('./train-translator.ts')).trainTranslatorCommand,
  },
  'train swap': {
    summary: 'train a swap that puts one person’s face upon another’s, to test a verification with',
    load: async () => (await import('./train-swap.ts')).trainSwapCommand,
  },
  'train reenactor': {
    summary:
      'train a network that moves one photo’s face as a driver moves, to measure whether a face check is deceived',
    load: async () => (await import('./train-reenactor.ts')).trainReenactorCommand,
  },
  'train liveness': {
    summary: 'train a network that tells faces before the camera from prints and screens',
    load: async () => (await import('./train-liveness.ts')).trainLivenessCommand,
  },
  'train attributes': {
    summary: 'train a reader of attributes, such as age or glasses, to judge what photos give away',
    load: async () => (await import('./train-attributes.ts')).trainAttributesCommand,
  },
  'protect cloak': {
    summary: 'cloak the faces in photos, and test what that is worth',
    load: async () => (await import('./protect-cloak.ts')).protectCloakCommand,
  },
  'protect attributes': {
    summary:
      'hide attributes of faces in photos while they are still recognised; keep, cloak or cover others by a policy',
    load: async () => (await import('./protect-attributes.ts')).protectAttributesCommand,
  },
  'protect check': {
    summary: 'test whether the face in a protected photo is still recognised',
    load: async () => (await import('./protect-check.ts')).protectCheckCommand,
  },
  'check masking': {
    summary: 'tell whether mixed training faces can be taken apart',
    load: async () => (await import('./check-masking.ts')).checkMaskingCommand,
  },
  'report training': {
    summary: 'draw the curves of a training on masked faces',
    load: async () => (await import('./report-training.ts')).reportTrainingCommand,
  },
  'export masked': {
    summary: 'write a data set of mixed and masked faces for a trainer elsewhere',
    load: async () => (await import('./export-masked.ts')).exportMaskedCommand,
  },
  animate: {
    summary: 'move the face of one photo as a driver does, marked',
    load: async () => (await import('./animate.ts')).animateCommand,
  },
  swap: {
    summary: 'put the face that a swap has learnt on the face in a clip or a photo, marked',
    load: async () => (await import('./swap.ts')).swapCommand,
  },
  translate: {
    summary: 'write faces as a translator makes them, marked',
    load: async () => (await import('./translate.ts')).translateCommand,
  },
  verify: {
    summary: 'compare the faces of two photos',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  embed: {
    summary: 'write the embeddings of the faces in photos',
    load: async () => (await import('./embed.ts')).embedCommand,
  },
  detect: {
    summary: 'find the faces in photos, with landmarks and quality',
    load: async () => (await import('./detect.ts')).detectCommand,
  },
  'bench verification': {
    summary: 'measure how well an encoder tells people apart',
    load: async () => (await import('./bench-verification.ts')).benchVerificationCommand,
  },
  'bench smoothing': {
    summary: 'measure what randomised smoothing of an encoder certifies, and whether that holds',
    load: async () => (await import('./bench-smoothing.ts')).benchSmoothingCommand,
  },
  'bench squeezing': {
    summary: 'measure how many adversarial faces feature squeezing detects',
    load: async () => (await import('./bench-squeezing.ts')).benchSqueezingCommand,
  },
  'bench attributes': {
    summary: 'measure how well a reader of attributes reads them',
    load: async () => (await import('./bench-attributes.ts')).benchAttributesCommand,
  },
  'bench experiments': {
    summary: 'train and compare the patent’s five experiments on the same people',
    load: async () => (await import('./bench-experiments.ts')).benchExperimentsCommand,
  },
  'bench editor': {
    summary: 'measure whether an editor of attributes does what it should, and leaves the rest',
    load: async () => (await import('./bench-editor.ts')).benchEditorCommand,
  },
  'bench masking': {
    summary: 'compare maskings of training sets: what they cost, and what they hide',
    load: async () => (await import('./bench-masking.ts')).benchMaskingCommand,
  },
  'bench translation': {
    summary: 'measure whether encoders are deceived by translated faces',
    load: async () => (await import('./bench-translation.ts')).benchTranslationCommand,
  },
  calibrate: {
    summary: 'measure the thresholds of an encoder at fixed false match rates',
    load: async () => (await import('./calibrate.ts')).calibrateCommand,
  },
  devices: {
    summary: 'list the devices that networks can run on here',
    load: async () => (await import('./devices.ts')).devicesCommand,
  },
};

async function main(words: readonly string[]): Promise<void> {
  const [first = '--help'] = words;
  if (['--help', '-h', 'help'].includes(first)) return printOverview(Object.keys(COMMANDS));
  if (['--version', '-v'].includes(first)) return printLine((await readManifest()).version);
  const { entry, rest } = findCommand(words);
  const asksHelp = rest.includes('--help') || rest.includes('-h');
  if (!entry && (asksHelp || rest.length === 0)) return printOverview(commandsOf(first));
  if (!entry) throw unknownCommand(words);
  const command = await entry.load();
  if (asksHelp) return printLine(await command.help());
  await command.run(rest);
}

/** The command that the first words name, the longest name first; the entry is undefined for the name of a group alone. */
function findCommand(words: readonly string[]): { readonly entry: CommandEntry | undefined; readonly rest: string[] } {
  for (const count of [2, 1]) {
    const entry = COMMANDS[words.slice(0, count).join(' ')];
    const surplus = words[count];
    // `audit` alone takes no arguments: another word is a command that is not there.
    if (entry && surplus && !surplus.startsWith('-') && commandsOf(words.slice(0, count).join(' ')).length > 0) {
      throw unknownCommand(words);
    }
    if (entry) return { entry, rest: words.slice(count) };
  }
  if (commandsOf(words[0] ?? '').length > 0) return { entry: undefined, rest: words.slice(1) };
  throw unknownCommand(words);
}

function commandsOf(group: string): string[] {
  return Object.keys(COMMANDS).filter((name) => name.startsWith(`${group} `));
}

function unknownCommand(words: readonly string[]): InputError {
  const group = commandsOf(words[0] ?? '');
  return new InputError(`there is no command "${words.slice(0, group.length > 0 ? 2 : 1).join(' ')}"`, {
    hint: group.length > 0 ? `there is: ${group.join(', ')}` : 'faceward --help lists the commands',
  });
}

async function printOverview(names: readonly string[]): Promise<void> {
  const { description } = await readManifest();
  const width = Math.max(...names.map((name) => name.length));
  printLine(`${description}

USAGE  faceward <command> [options]

${names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name]?.summary}`).join('\n')}

faceward <command> --help explains a command and gives examples.`);
}

/** What the package says of itself; it lies two folders up from src/cli and from dist/cli alike. */
async function readManifest(): Promise<{ readonly version: string; readonly description: string }> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
}

function fail(error: unknown): void {
  const { text, exitStatus } = reportError(error);
  process.stderr.write(text);
  process.exitCode = exitStatus;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as head that has seen enough is no error.
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  fail(error);
}
