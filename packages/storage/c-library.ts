import { dlopen, type FFIFunction, type Library } from "bun:ffi";

const C_LIBRARIES =
  process.platform === "darwin"
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** The functions of the C library that the runtime has no calls for. Throws when it, or one of them, is not there. */
export function openCLibrary<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Library<Functions> {
  const failures: unknown[] = [];
  for (const name of C_LIBRARIES) {
    try {
      return dlopen(name, functions);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `cannot load the C library, tried ${C_LIBRARIES.join(", ")}`);
}
