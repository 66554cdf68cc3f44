/** One object: its record, its file, and its content when that is to be verified. */
import { objectFilePath } from "../files/object-path.ts";
import { hashFile, openQuietly } from "../files/read-quietly.ts";
import type { IndexRecord } from "../index/record.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import type { CheckContext } from "./check-mountpath.ts";
import { examineFileEnd, type FileFinding, type KeyParts } from "./file-end.ts";
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
  const { report, view } = context;
  const parts = keyParts(step.key);
  if (step.kind === "bad-record") {
    report.damage("bad-record", parts, "", step.why);
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
  const { report, view } = context;
  const parts = keyParts(key);
  const path = objectFilePath(view.mountpath, record.fileId);
  const owner = view.ownerOfFile(record.fileId);
  if (owner === null || (owner !== "unknown" && Buffer.compare(owner, key) !== 0)) {
    const why = "the index gives its file to another object or to none";
    if (isUnchanged(context, key, record)) report.damage("bad-record", parts, path, why);
  }
  let finding = await lookAtFile(context, record, parts, path);
  if (finding !== null) {
    // A trailer that was being rewritten is whole now.
    await view.settled();
    finding = await lookAtFile(context, record, parts, path);
  }
  if (finding !== null && isUnchanged(context, key, record)) {
    report.damage(finding.kind, parts, path, finding.detail);
  }
  // The content of a file that is missing or of wrong size is wrong as well, which needs no second message.
  const isReadable = finding === null || finding.kind === "trailer-mismatch";
  if (context.verify && isReadable) await verifyFile(context, key, record, path, buffer);
}

async function lookAtFile(
  { names, hashing }: CheckContext,
  record: IndexRecord,
  parts: KeyParts,
  path: string,
): Promise<FileFinding | null> {
  try {
    await using file = await openQuietly(path);
    const { finding, trailer } = await examineFileEnd(file, record, parts, hashing);
    if (trailer !== null && finding === null) names.learn(parts.bucketId, trailer.bucketName);
    return finding;
  } catch (error) {
    return errnoCode(error) === "ENOENT"
      ? { kind: "missing-file", detail: "there is no such file" }
      : { kind: "read-error", detail: errorChainText(error) };
  }
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
  const { hashing, pace, report } = context;
  if (record.checksum === null || record.checksum.type === "none") {
    report.unverifiableObjects += 1;
    return;
  }
  const hasher = await hashing.create(record.checksum.type);
  try {
    await hashFile(path, record.sizeBytes, hasher, buffer, (readBytes) => pace.step(readBytes));
  } catch (error) {
    if (error instanceof DOMException) throw error;
    report.damage("read-error", keyParts(key), path, errorChainText(error));
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
  const { report } = context;
  report.verifiedObjects += 1;
  report.verifiedBytes += record.sizeBytes;
  const isRight = actual === record.checksum?.value;
  if (!isRight) {
    const { type, value } = record.checksum ?? { type: "none", value: "" };
    const detail = `its ${type} is ${actual}, expected ${value}`;
    report.damage("checksum-mismatch", keyParts(key), path, detail);
  }
  await context.onVerified?.({ key, record, isRight });
}

/** What was found about an object that was replaced or deleted meanwhile says nothing. */
function isUnchanged({ view }: CheckContext, key: Uint8Array, record: IndexRecord): boolean {
  using held = view.hold(key, record);
  return held !== null;
}
