/** Options of every {@link FacewardError}. */
export interface ErrorOptions {
  /** What the person can do about it, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Stable error codes; the table {@link ERROR_STATUS} maps each to a process exit status. */
export type ErrorCode = 'input' | 'shape' | 'unsupported-op' | 'model-file' | 'capability' | 'store' | 'interrupted';

/** Root of all errors that Faceward raises on purpose: a stable `code`, a message, and a hint that says what to do. */
export class FacewardError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** Something the caller handed over is wrong: a file, an option, a value. */
export class InputError extends FacewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('input', message, options);
  }
}

/** Shapes or element types do not fit; the message names node, operator and shapes. */
export class ShapeError extends FacewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('shape', message, options);
  }
}

/** An ONNX operator that cannot be read, run or differentiated. */
export class UnsupportedOpError extends FacewardError {
  readonly op: string;
  readonly opset: number;
  readonly node: string;

  constructor(
    what: { readonly op: string; readonly opset: number; readonly node: string; readonly reason: string },
    options?: ErrorOptions,
  ) {
    super('unsupported-op', `${what.op} (opset ${what.opset}, node "${what.node}"): ${what.reason}`, options);
    this.op = what.op;
    this.opset = what.opset;
    this.node = what.node;
  }
}

/** A model file that cannot be read, or does not hold what it should. */
export class ModelFileError extends FacewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('model-file', message, options);
  }
}

/** A method needs something that its target does not have; the message names both. */
export class CapabilityError extends FacewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('capability', message, options);
  }
}

/** The store or a cache on disk failed. */
export class StoreError extends FacewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('store', message, options);
  }
}

/** The work was stopped on request; what was done so far is kept and can be resumed. */
export class InterruptedError extends FacewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('interrupted', message, options);
  }
}

/** Exit status of the command line, and HTTP status of the server, for each error code. */
export const ERROR_STATUS: Readonly<Record<ErrorCode, { readonly exit: number; readonly http: number }>> = {
  input: { exit: 2, http: 400 },
  shape: { exit: 2, http: 422 },
  'unsupported-op': { exit: 2, http: 422 },
  'model-file': { exit: 2, http: 422 },
  capability: { exit: 2, http: 409 },
  store: { exit: 1, http: 500 },
  interrupted: { exit: 130, http: 499 },
};
