import { expect, test } from "bun:test";
import { peerFailure } from "./peer-failure.ts";

const body = (tcode: string, status: number): string => JSON.stringify({ tcode, message: "why", status });

test.each([
  [404, body("ErrBckNotFound", 404), "bucketNotFound", "why"],
  [404, body("", 404), "notFound", "why"],
  [507, body("ErrCapExceeded", 507), "outOfSpace", "why"],
  // A node that has not started yet answers without a body.
  [503, "", "unavailable", "status 503"],
  [502, "<html>", "unavailable", "status 502"],
  [418, body("", 418), "unavailable", "status 418"],
])("status %d with %p is %p", (status, text, code, message) => {
  expect(peerFailure(status, text)).toMatchObject({ code, message });
});
