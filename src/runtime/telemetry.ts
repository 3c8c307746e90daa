/**
 * Keeps ONNX Runtime quiet: from 1.29 on its builds for Linux and macOS write a device id and a queue of events into the user's cache folder and send them to Microsoft,
 * unless this variable is set before the library is loaded. To be imported before `onnxruntime-node`, therefore.
 *
 * It is read once, by native code: in a worker thread, whose environment is a copy, it must be set by the process that starts the thread.
 *
 * Source: https://github.com/microsoft/onnxruntime/pull/27379, "Behavior and controls".
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
