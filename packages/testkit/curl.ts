/** curl as a client that knows nothing of us. Null where it is not installed: tests that need it are skipped then. */
export const CURL = Bun.which("curl");
if (CURL === null) console.log("no curl on the PATH: the tests that use it are skipped");

/** Runs curl and returns its standard output; throws with the standard error when it fails. */
export async function curl(...args: readonly string[]): Promise<string> {
  if (CURL === null) throw new Error("no curl on this machine");
  const child = Bun.spawn([CURL, "-sS", "--max-time", "20", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`curl ${args.join(" ")} exited ${code}: ${errors}`);
  return output;
}
