import { describe, expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import { allowedMethods, type Detected, detectOperation } from "./detect.ts";

function detected(method: string, path: string, role: "proxy" | "target" = "proxy"): Detected {
  const result = detectOperation(method, path, role);
  if (result instanceof AisError) throw result;
  return result;
}

function refused(method: string, path: string, role: "proxy" | "target" = "proxy"): AisError {
  const result = detectOperation(method, path, role);
  if (!(result instanceof AisError)) throw new Error(`detected ${result.operation}`);
  return result;
}

describe("detectOperation", () => {
  test("takes object names as they are, escapes decoded", () => {
    expect(detected("GET", "/v1/objects/b/dir/a%20b%25%3F%23%5C%E4%B8%AD")).toEqual({
      operation: "object.get",
      bucketName: "b",
      objectName: "dir/a b%?#\\中",
      rest: [],
    });
    expect(detected("PUT", "//v1//objects//b///a//b").objectName).toBe("a//b");
  });

  test("tells bucket calls from the list of buckets", () => {
    expect(detected("GET", "/v1/buckets/").operation).toBe("bucket.list");
    expect(detected("GET", "/v1/buckets/b").operation).toBe("object.list");
    expect(detected("GET", "/v1/buckets/b/some/prefix").rest).toEqual(["some", "prefix"]);
    expect(detected("POST", "/v1/buckets/b").operation).toBe("bucket.create");
    expect(refused("POST", "/v1/buckets").message).toContain("too short");
  });

  test("takes no call for one of the bucket when more follows its name", () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"])
      expect([method, refused(method, "/v1/buckets/b/x").status]).toEqual([method, 400]);
    expect(detected("HEAD", "/v1/buckets/b/x").rest).toEqual(["x"]);
  });

  test("finds every operation on a role that has it", () => {
    for (const [name, { method, route }] of Object.entries(OPERATIONS)) {
      const path = route.replace("{bucket}", "b").replace("{object}", "o").replace("{job}", "scrub");
      const role = /^(intra|storage)\./.test(name) ? "target" : "proxy";
      expect(detected(method === "*" ? "PATCH" : method, path, role).operation).toBe(
        name as Detected["operation"],
      );
    }
  });

  test("keeps the operations of the other role away", () => {
    expect(refused("GET", "/v1/cluster", "target").status).toBe(400);
    expect(refused("GET", "/v1/buckets/b", "target").status).toBe(400);
    expect(refused("POST", "/v1/intra/list", "proxy").status).toBe(400);
  });

  test("tells a wrong method from one that is missing here", () => {
    const wrong = refused("DELETE", "/v1/health");
    expect([wrong.status, wrong.headers["Allow"]]).toEqual([405, "GET, OPTIONS"]);
    expect(refused("POST", "/v1/cluster").status).toBe(501);
    expect(allowedMethods("/v1/objects/b/o", "target")).toBe("GET, PUT, HEAD, DELETE, POST, PATCH, OPTIONS");
  });

  test("takes easy URLs for what their length says", () => {
    expect(detected("GET", "/ais").operation).toBe("bucket.list");
    expect(detected("GET", "/ais/b/")).toMatchObject({ operation: "object.list", bucketName: "b" });
    expect(detected("HEAD", "/ais/b")).toMatchObject({ operation: "bucket.head", bucketName: "b" });
    expect(detected("PUT", "/ais/b/x/y%20z")).toMatchObject({
      operation: "object.put",
      bucketName: "b",
      objectName: "x/y z",
    });
    expect(detected("PATCH", "/ais/b/o").operation).toBe("object.patch");
    expect(detected("POST", "/ais/b").operation).toBe("bucket.create");
    expect(detected("DELETE", "/ais/b").operation).toBe("bucket.destroy");
    expect(refused("PUT", "/ais/b").message).toContain("too short");
    expect(refused("GET", "/ais/b/o", "target").status).toBe(400);
  });

  test("lets an action on the objects of a bucket name none of them", () => {
    expect(detected("POST", "/v1/objects/b")).toMatchObject({ bucketName: "b", objectName: "" });
    expect(detected("POST", "/v1/objects/b/")).toMatchObject({ bucketName: "b", objectName: "" });
    expect(refused("POST", "/v1/objects/").message).toContain("too short");
    expect(refused("PATCH", "/v1/objects/b").message).toContain("too short");
  });

  test("refuses what is no path of the API", () => {
    for (const path of ["/", "", "/v2/objects/b/o", "/v1/nothing", "/v1", "/v1/health/x", "/__proto__"]) {
      const error = refused("GET", path);
      expect([path, error.status]).toEqual([path, 400]);
      expect(error.message).toContain("invalid request URI");
    }
    expect(refused("GET", "/v1/objects/b").message).toContain("too short");
    expect(refused("GET", "/v1/objects/b/").message).toContain("too short");
    expect(refused("GET", "/v1/objects/b/%zz").status).toBe(400);
    expect(refused("GET", "/v1/objects/%ff/o").status).toBe(400);
    expect(refused("GET", "/v1/download/x").status).toBe(501);
    expect(refused("POST", "/v1/etl").status).toBe(501);
    expect(refused("GET", "/s3/b/o").status).toBe(501);
  });
});
