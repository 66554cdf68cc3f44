import { expect, test } from "bun:test";
import { ACCESS_ALL, type Permission, requireAccess } from "./access.ts";
import { aisBucket } from "./bck.ts";

const isAllowed = (access: string, permission: Permission): boolean => {
  try {
    requireAccess(aisBucket("b"), { access }, permission);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "accessDenied", status: 403 });
    return false;
  }
};

test("a bucket of default access allows everything", () => {
  for (const permission of ["PUT", "PROMOTE", "DESTROY-BUCKET"] as const)
    expect(isAllowed(ACCESS_ALL, permission)).toBe(true);
});

test("a bucket can be made read-only, and then not be hidden or locked for good", () => {
  const readOnly = String(1 + 2 + 256 + 512);
  for (const permission of [
    "PUT",
    "APPEND",
    "DELETE-OBJECT",
    "MOVE-OBJECT",
    "PROMOTE",
    "DESTROY-BUCKET",
  ] as const)
    expect([permission, isAllowed(readOnly, permission)]).toEqual([permission, false]);
  for (const permission of ["GET", "HEAD-OBJECT", "LIST-OBJECTS", "PATCH", "SET-BUCKET-ACL"] as const)
    expect([permission, isAllowed("0", permission)]).toEqual([permission, true]);
});

test("the error says what is allowed", () => {
  expect(() => requireAccess(aisBucket("b"), { access: "5" }, "APPEND")).toThrow(
    'bucket "ais://b": APPEND access denied (allowed: [GET,PUT])',
  );
});
