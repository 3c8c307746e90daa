import { SingleBar } from 'cli-progress';
import type { ProgressEvent } from '../util/progress.ts';

/** A job that is done before this shows nothing. */
const PATIENCE_MS = 2_000;
/** Where a bar cannot be drawn, a line is written this often. */
const LINE_INTERVAL_MS = 10_000;

/** Shows the progress of a job: a bar on a terminal, plain lines elsewhere, nothing for what takes under two seconds. */
export class ProgressDisplay implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  #bar: SingleBar | undefined;
  #stage = '';
  #stageStartMs = 0;
  #lastLineMs = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(reported: ProgressEvent): void {
    // Part of a whole is reported so that a bar moves; nobody reads "67.87 of 800".
    const event = { ...reported, done: Math.floor(reported.done) };
    const nowMs = performance.now();
    if (event.stage !== this.#stage) this.#enterStage(event.stage, nowMs);
    if (nowMs - this.#stageStartMs < PATIENCE_MS) return;
    if (this.#stream.isTTY) this.#drawBar(event);
    else this.#writeLine(event, nowMs);
  }

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #enterStage(stage: string, nowMs: number): void {
    this[Symbol.dispose]();
    this.#stage = stage;
    this.#stageStartMs = nowMs;
    this.#lastLineMs = Number.NEGATIVE_INFINITY;
  }

  #drawBar(event: ProgressEvent): void {
    const payload = { stage: event.stage, figures: figuresOf(event) };
    if (this.#bar) {
      this.#bar.update(event.done, payload);
      return;
    }
    this.#bar = new SingleBar({
      stream: this.#stream,
      format: '{stage} {bar} {value}/{total} {eta_formatted} {figures}',
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      gracefulExit: false,
    });
    this.#bar.start(event.total, event.done, payload);
  }

  #writeLine(event: ProgressEvent, nowMs: number): void {
    const isLast = event.done >= event.total;
    if (!isLast && nowMs - this.#lastLineMs < LINE_INTERVAL_MS) return;
    this.#lastLineMs = nowMs;
    this.#stream.write(`${event.stage}: ${event.done}/${event.total} ${figuresOf(event)}`.trimEnd().concat('\n'));
  }
}

function figuresOf({ figures = {} }: ProgressEvent): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}
