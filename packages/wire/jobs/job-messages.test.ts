import { expect, test } from "bun:test";
import {
  copyName,
  originalNames,
  parseCopyMsg,
  parseCopyObjectsMsg,
  parseMultiObjectMsg,
  parseSummaryMsg,
} from "./job-messages.ts";
import { parseJobQuery } from "./job-query.ts";

test("a misspelt member is refused: without it the selection would be the whole bucket", () => {
  const refused = (work: () => unknown): void =>
    expect(work).toThrow(expect.objectContaining({ code: "badRequest" }));
  refused(() => parseMultiObjectMsg({ objname: ["a"] }));
  refused(() => parseMultiObjectMsg(null));
  refused(() => parseCopyMsg({ prefx: "a/" }));
  refused(() => parseCopyObjectsMsg({ tobck: { name: "b" }, objname: ["a"] }));
  refused(() => parseSummaryMsg({ prefx: "a/" }));
  // Nor is a list an object without members.
  for (const parse of [parseMultiObjectMsg, parseCopyMsg, parseCopyObjectsMsg, parseSummaryMsg])
    refused(() => parse([]));
  refused(() => parseCopyMsg({ template: "a" }));
  refused(() => parseCopyMsg({ objnames: ["a"] }));
  refused(() => parseJobQuery({ idd: "x", kind: "lru" }));
});

test("a copy knows what its original may be called", () => {
  const extensions = { jpeg: "jpg", JPG: ".jpg", png: "gif" };
  expect(originalNames("dir/a.jpg", { extensions })).toEqual(["dir/a.jpg", "dir/a.jpeg", "dir/a.JPG"]);
  expect(originalNames("dir/a.png", { extensions })).toEqual(["dir/a.png"]);
  expect(originalNames("a", { extensions })).toEqual(["a"]);
  expect(parseCopyMsg({ synchronize: true }).synchronize).toBe(true);
  expect(() => parseCopyMsg({ synchronize: true, prepend: "x" })).toThrow("exclude each other");
  expect(() => parseCopyObjectsMsg({ synchronize: true, tobck: { name: "b" } })).toThrow("not supported");
});

test("whatever extensions are changed to, the original is among the names of its copy", () => {
  const extensions = { tgz: "tar.gz", gz: ".zip.gz", jpeg: "", "": "x", txt: "..md" };
  for (const name of ["a.tgz", "d.1/a.gz", "a.b.jpeg", "a.", "a.txt", "a", "a.none"]) {
    const copy = copyName(name, { extensions, prepend: "" });
    expect(originalNames(copy, { extensions })).toContain(name);
  }
  expect(originalNames("a.tar.gz", { extensions: { tgz: "tar.gz" } })).toEqual(["a.tar.gz", "a.tgz"]);
});

test("what AIStore's clients send is taken, in any case", () => {
  const ofGo = {
    prepend: "",
    prefix: "a/",
    dry_run: false,
    force: false,
    "latest-ver": false,
    synchronize: false,
    ext: null,
  };
  expect(parseCopyMsg(ofGo).selection.prefix).toBe("a/");
  expect(parseMultiObjectMsg({ Template: "", ObjNames: ["a"] }).selection.names).toEqual(["a"]);
  const bucket = { name: "b", provider: "ais", namespace: { uuid: "", name: "" } };
  const ofPython = {
    ...ofGo,
    prefix: "",
    tobck: bucket,
    objnames: ["a"],
    coer: false,
    id: "",
    request_timeout: "5m",
  };
  expect(parseCopyObjectsMsg(ofPython).destination.name).toBe("b");
  expect(parseSummaryMsg({ uuid: "", prefix: "", cached: true, present: true })).toEqual({
    uuid: "",
    prefix: "",
  });
});
