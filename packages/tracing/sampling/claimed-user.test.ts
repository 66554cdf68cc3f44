import { expect, test } from "bun:test";
import { token } from "../fixtures/tracing-fixture.ts";
import { claimedUser } from "./claimed-user.ts";

const bearer = (claims: unknown) => `Bearer ${token(claims)}`;
const raw = (payload: string | Uint8Array) => `Bearer e30.${Buffer.from(payload).toString("base64url")}.c2ln`;

test.each([
  [{ sub: "alice", admin: true, clusters: [{ id: "c", perm: "511" }] }, "alice"],
  [{ sub: "Zoë", username: "bob" }, "Zoë"],
  [{ username: "bob", expires: "2026-11-28T10:00:00Z" }, "bob"],
  [{ sub: "", username: "bob" }, "bob"],
])("%j names %p", (claims, user) => {
  expect(claimedUser(bearer(claims))).toBe(user);
});

test("the scheme is taken in any case, and a signature is not looked at", () => {
  expect(claimedUser(bearer({ sub: "alice" }).replace("Bearer", "bearer"))).toBe("alice");
  expect(claimedUser(bearer({ sub: "alice" }).replace(/[^.]+$/, ""))).toBe("alice");
});

test.each([
  ["no header", null],
  ["an empty one", ""],
  ["another scheme", "Basic YWxpY2U6c2VjcmV0"],
  ["the scheme alone", "Bearer "],
  ["no scheme", token({ sub: "alice" })],
  ["an opaque token", "Bearer abcdef"],
  ["two parts", bearer({ sub: "alice" }).replace(/\.[^.]+$/, "")],
  ["four parts", `${bearer({ sub: "alice" })}.x`],
  ["an encrypted token, of five parts", "Bearer a.b.c.d.e"],
  ["two tokens", `${bearer({ sub: "alice" })}, ${bearer({ sub: "bob" })}`],
  ["no JSON", raw("{")],
  ["no object", raw('"alice"')],
  ["nothing", raw("null")],
  ["bytes that are no text", raw(Uint8Array.of(0x7b, 0xff, 0x7d))],
  ["base64 that is none", "Bearer e30._.c2ln"],
  ["no user", bearer({ iss: "issuer" })],
  ["a user that is no text", bearer({ sub: 7, username: ["alice"] })],
  ["more than a header may hold", bearer({ sub: "alice", more: "x".repeat(16 * 1024) })],
])("%s names nobody", (_, authorization) => {
  expect(claimedUser(authorization)).toBe("");
});
