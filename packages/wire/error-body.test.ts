import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { aisBucket } from "./bck.ts";
import { encodeErrorBody, encodeErrorHeader, errorBody, parseErrorBody } from "./error-body.ts";
import { bucketAlreadyExists, bucketNotFound, objectNotFound, rangeNotSatisfiable } from "./error-texts.ts";

const context = {
  method: "GET",
  urlPath: "/v1/objects/nnn/é",
  remoteAddress: "127.0.0.1:5",
  caller: "",
  node: "t[abc]",
};

test("the body has the fields that clients read", () => {
  const text = encodeErrorBody(errorBody(bucketNotFound(aisBucket("abc")), context));
  expect(text.endsWith("}\n")).toBe(true);
  expect(JSON.parse(text)).toEqual({
    tcode: "ErrBckNotFound",
    message: 'bucket "ais://abc" does not exist',
    method: "GET",
    url_path: "/v1/objects/nnn/é",
    remote_addr: "127.0.0.1:5",
    caller: "",
    node: "t[abc]",
    status: 404,
  });
  expect(parseErrorBody(text)).toEqual(JSON.parse(text));
});

test("no error type, no tcode", () => {
  expect("tcode" in errorBody(new AisError("badRequest", "x"), context)).toBe(false);
});

test("the header form is one line of ASCII with the same content", () => {
  const body = errorBody(new AisError("notFound", 'no "é\n日本"'), context);
  const header = encodeErrorHeader(body);
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(parseErrorBody(header)).toEqual(body);
});

test.each(["", "plain text", "[]", "{}", '{"message":5,"status":404}'])("%j is no error body", (text) => {
  expect(parseErrorBody(text)).toBeNull();
});

test("texts name the bucket and object as clients look for them", () => {
  // The pattern by which the Python SDK finds what is missing.
  const pattern = /([a-z0-9]+):\/\/([A-Za-z0-9@._/-]+)/;
  expect(pattern.exec(objectNotFound(aisBucket("abc"), "obj").message)?.[2]).toBe("abc/obj");
  expect(objectNotFound(aisBucket("abc"), "obj").message).toContain("does not exist");
  expect(bucketAlreadyExists(aisBucket("abc"))).toMatchObject({
    code: "bucketExists",
    message: 'bucket "ais://abc" already exists',
  });
  expect(bucketNotFound({ ...aisBucket("abc"), provider: "aws" })).toMatchObject({
    code: "remoteBucketNotFound",
    message: 'bucket "s3://abc" does not exist',
  });
  expect(bucketNotFound({ ...aisBucket("abc"), namespace: { uuid: "u", name: "" } }).code).toBe(
    "remoteBucketNotFound",
  );
  expect(rangeNotSatisfiable("bytes=9-", 5).headers).toEqual({ "Content-Range": "bytes */5" });
});

test("what the caller sent is not sent back without end", () => {
  const long = "x".repeat(4_000_000);
  const body = errorBody(new AisError("badRequest", `unknown action "${long}"`), {
    ...context,
    urlPath: `/${long}`,
  });
  expect(encodeErrorBody(body).length).toBeLessThan(10_000);
  expect(body.message).toStartWith('unknown action "xxx');
  const split = errorBody(new AisError("badRequest", `${"x".repeat(4095)}🙂`), context).message;
  expect(split.isWellFormed()).toBe(true);
});
