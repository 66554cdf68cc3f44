/** Types of both builds and of the pages, then lint and format. Stops at the first that fails. */
const STEPS: readonly (readonly [string, readonly string[]])[] = [
  ["types, plain build", ["tsc", "--noEmit", "-p", "tsconfig.json"]],
  ["types, oteltracing build", ["tsc", "--noEmit", "-p", "tsconfig.oteltracing.json"]],
  ["types, pages", ["tsc", "--noEmit", "-p", "apps/aistrace/web/tsconfig.json"]],
  ["lint and format", ["biome", "check", "--error-on-warnings", "."]],
];

for (const [title, command] of STEPS) {
  const started = performance.now();
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    `node_modules/.bin/${command[0]}`,
    ...command.slice(1),
  ]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${exitCode === 0 ? "ok  " : "FAIL"} ${title} (${seconds} s)`);
  if (exitCode !== 0) {
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exit(1);
  }
}
