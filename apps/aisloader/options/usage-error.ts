/** What the caller of the program got wrong; the process exits 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
