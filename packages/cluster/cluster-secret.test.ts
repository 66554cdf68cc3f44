import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterSecret } from "./cluster-secret.ts";
import { openCoordinator } from "./coordinator/open.ts";

test("all nodes get the same secret, whoever asks first, and other names have others", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ais-secret-"));
  const file = join(directory, "cluster.db");
  try {
    await using first = await openCoordinator(`sqlite:${file}`);
    await using second = await openCoordinator(`sqlite:${file}`);
    const asked = [first, second, first, second].map((coordinator) =>
      clusterSecret(coordinator, "trace-context"),
    );
    const [secret, ...others] = (await Promise.all(asked)).map((bytes) => Buffer.from(bytes).toString("hex"));
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([secret, ...others]).size).toBe(1);
    expect(Buffer.from(await clusterSecret(second, "other")).toString("hex")).not.toBe(secret);
    // Whoever may read the file may forge contexts.
    expect(statSync(file).mode & 0o077).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
