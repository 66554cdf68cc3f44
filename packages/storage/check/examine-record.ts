/** One object: its record, its file, and its content when that is to be verified. */
import type { FileHandle } from "node:fs/promises";
import type { DamageKind } from "@ais/wire/storage-report.ts";
import { objectFilePath } from "../files/object-path.ts";
import { hashFile, openQuietly } from "../files/read-quietly.ts";
import type { IndexRecord } from "../index/record.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import type { CheckContext } from "./check-mountpath.ts";
import { examineFileEnd, type FileFinding } from "./file-end.ts";
import { keyParts } from "./object-text.ts";
import type { RecordStep } from "./view.ts";

/** What a verification found out about an object's content. */
export interface ObjectVerdict {
  readonly key: Uint8Array;
  readonly record: IndexRecord;
  readonly isRight: boolean;
}

type ReadableStep = Exclude<RecordStep, { kind: "damaged-index" }>;

export async function examineRecord(
  context: CheckContext,
  step: ReadableStep,
  buffer: Uint8Array,
): Promise<void> {
  const { report, view, names } = context;
  const parts = keyParts(step.key);
  if (step.kind === "bad-record") {
    report.damage("bad-record", names.objectText(parts), "", step.why);
    return;
  }
  const { record } = step;
  report.objectBytes += record.sizeBytes;
  if (record.fileId === 0n) {
    report.inlineObjects += 1;
    if (context.verify) await verifyInline(context, step);
    return;
  }
  // Held before the first wait, so that what is looked at is what the record names.
  using held = view.hold(step.key, record);
  if (held === null) return;
  await examineFile(context, step, buffer);
}

async function examineFile(
  context: CheckContext,
  { key, record }: Extract<ReadableStep, { kind: "record" }>,
  buffer: Uint8Array,
): Promise<void> {
  const { report, view, names, hashing } = context;
  const parts = keyParts(key);
  const path = objectFilePath(view.mountpath, record.fileId);
  const tell = (kind: DamageKind, detail: string): void =>
    report.damage(kind, names.objectText(parts), path, detail);
  const owner = view.ownerOfFile(record.fileId);
  if (owner === null || (owner !== "unknown" && Buffer.compare(owner, key) !== 0)) {
    if (isUnchanged(context, key, record)) tell("bad-record", "the index gives its file to another object or to none");
  }
  let file: FileHandle;
  try {
    file = await openQuietly(path);
  } catch (error) {
    if (!isUnchanged(context, key, record)) return;
    const isMissing = errnoCode(error) === "ENOENT";
    tell(isMissing ? "missing-file" : "read-error", isMissing ? "there is no such file" : errorChainText(error));
    return;
  }
  let finding: FileFinding | null;
  try {
    const examined = await examineFileEnd(file, record, parts, hashing);
    if (examined.trailer !== null && examined.finding === null) names.learn(parts.bucketId, examined.trailer.bucketName);
    finding = examined.finding;
  } catch (error) {
    finding = { kind: "read-error", detail: errorChainText(error) };
  } finally {
    await file.close();
  }
  if (finding !== null && isUnchanged(context, key, record)) tell(finding.kind, finding.detail);
  // The content of a file of wrong size is wrong as well, which needs no second message.
  if (context.verify && finding?.kind !== "wrong-size") await verifyFile(context, key, record, path, buffer);
}

async function verifyInline(
  context: CheckContext,
  { key, record, body }: Extract<ReadableStep, { kind: "record" }>,
): Promise<void> {
  const { hashing, pace } = context;
  if (record.checksum === null || record.checksum.type === "none" || body === null) {
    context.report.unverifiableObjects += 1;
    return;
  }
  const actual = await hashing.digest(record.checksum.type, body);
  await conclude(context, key, record, "", actual);
  await pace.step(body.byteLength);
}

async function verifyFile(
  context: CheckContext,
  key: Uint8Array,
  record: IndexRecord,
  path: string,
  buffer: Uint8Array,
): Promise<void> {
  const { hashing, pace, report, names } = context;
  if (record.checksum === null || record.checksum.type === "none") {
    report.unverifiableObjects += 1;
    return;
  }
  const hasher = await hashing.create(record.checksum.type);
  try {
    await hashFile(path, record.sizeBytes, hasher, buffer, (readBytes) => pace.step(readBytes));
  } catch (error) {
    if (error instanceof DOMException) throw error;
    report.damage("read-error", names.objectText(keyParts(key)), path, errorChainText(error));
    return;
  }
  await conclude(context, key, record, path, hasher.digest());
}

async function conclude(
  context: CheckContext,
  key: Uint8Array,
  record: IndexRecord,
  path: string,
  actual: string,
): Promise<void> {
  const { report, names } = context;
  report.verifiedObjects += 1;
  report.verifiedBytes += record.sizeBytes;
  const isRight = actual === record.checksum?.value;
  if (!isRight) {
    const { type, value } = record.checksum ?? { type: "none", value: "" };
    const detail = `its ${type} is ${actual}, expected ${value}`;
    report.damage("checksum-mismatch", names.objectText(keyParts(key)), path, detail);
  }
  await context.onVerified?.({ key, record, isRight });
}

/** What was found about an object that was replaced or deleted meanwhile says nothing. */
function isUnchanged({ view }: CheckContext, key: Uint8Array, record: IndexRecord): boolean {
  using held = view.hold(key, record);
  return held !== null;
}
