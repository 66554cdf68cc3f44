import { describe, expect, test } from "bun:test";
import { redactQuery, withoutTraceQuery } from "./redact.ts";

describe("redactQuery", () => {
  const cases: readonly (readonly [why: string, query: string, shown: string])[] = [
    ["nothing to hide", "provider=ais&prefix=a%2Fb&flag", "provider=ais&prefix=a%2Fb&flag"],
    ["presigned S3", "X-Amz-Signature=abc&X-Amz-Date=1", "X-Amz-Signature=REDACTED&X-Amz-Date=1"],
    ["session token", "a=1&x-amz-security-token=s", "a=1&x-amz-security-token=REDACTED"],
    ["an encoded name", "%54oken=s", "%54oken=REDACTED"],
    [
      "a config key by its last part",
      "auth.signature.key=s&log.level=4",
      "auth.signature.key=REDACTED&log.level=4",
    ],
    ["a token that is none", "continuation_token=x", "continuation_token=x"],
    ["the redirect's context", "pid=p1&traceparent=00-1&tracestate=a%3D1", "pid=p1"],
    ["a signed redirect", "pid=p1&utm=1&x=n&u=sig", "pid=p1&utm=1&x=REDACTED&u=REDACTED"],
    ["an equals sign in the value", "token=a=b", "token=REDACTED"],
    ["broken escapes", "%zz=1&token=s", "%zz=1&token=REDACTED"],
    ["empty", "", ""],
    ["empty items", "&a=1&&b&", "&a=1&&b&"],
    ["empty items beside a secret", "&sig=1&", "&sig=REDACTED&"],
    ["what comes after the context", "traceparent=00-1&a=1&tracestate=b&c", "a=1&c"],
    ["nothing but the context", "traceparent=00-1", ""],
    ["a secret without a value", "token&a=1&sig=x", "token&a=1&sig=REDACTED"],
  ];
  for (const [why, query, shown] of cases) {
    test(why, () => expect(redactQuery(query)).toBe(shown));
  }
});

describe("withoutTraceQuery", () => {
  test("keeps the other bytes as they are", () => {
    expect(withoutTraceQuery("a=%2f&TraceParent=1&b=+&%74racestate=2&&c")).toBe("a=%2f&b=+&&c");
    expect(withoutTraceQuery("a=%2f&b")).toBe("a=%2f&b");
    expect(withoutTraceQuery("")).toBe("");
  });
});
