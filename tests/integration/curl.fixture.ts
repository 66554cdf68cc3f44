import { existsSync } from "node:fs";

export const CURL =
  ["/usr/bin/curl", "/usr/local/bin/curl", "/bin/curl"].find((path) => existsSync(path)) ?? null;

/** Runs curl and returns its standard output; throws with the standard error when it fails. */
export async function curl(...args: readonly string[]): Promise<string> {
  if (CURL === null) throw new Error("no curl on this machine");
  const child = Bun.spawn([CURL, "-sS", "--max-time", "20", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`curl ${args.join(" ")} exited ${code}: ${errors}`);
  return output;
}
