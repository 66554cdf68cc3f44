import { describe, expect, test } from "bun:test";
import type { LoadOptions } from "../load-options.ts";
import { parseCommand } from "./command.ts";
import { helpText } from "./help.ts";
import { OPTIONS } from "./table.ts";
import { UNSUPPORTED } from "./unsupported.ts";
import { UsageError } from "./usage-error.ts";

const BUCKET = ["-bucket=ais://abc", "-cleanup=false"];

function load(argv: readonly string[], env: Record<string, string> = {}): LoadOptions {
  const command = parseCommand(argv, env);
  if (command.run !== "load") throw new Error(`got ${command.run}`);
  return command.load;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe("flags", () => {
  test.each([
    ["-numworkers=7 -pctput 20 -cleanup"],
    ["--numworkers 7 --pctput=20 --cleanup=true"],
    ["-cleanup true -numworkers 7 --pctput 20"],
    ["-cleanup=T -numworkers=3 -numworkers=7 -pctput=20"],
  ])("%s is read as AIStore's loader and common sense read it", (line) => {
    const options = load(["-bucket", "abc", ...line.split(" ")]);
    expect(options).toMatchObject({
      workers: 7,
      putPercent: 20,
      cleanup: true,
      bucket: { name: "abc", provider: "ais" },
    });
  });

  test("defaults are those of AIStore's loader", () => {
    expect(load(BUCKET)).toMatchObject({
      endpoint: "http://localhost:8080",
      durationMs: 60_000,
      workers: 10,
      putPercent: 0,
      sizes: { minBytes: MIB, maxBytes: GIB, distribution: "uniform" },
      checksumType: "xxhash",
      timeoutMs: 600_000,
      intervalMs: 10_000,
      route: "proxy",
      naming: { random: true, subdirectoryCount: 0 },
    });
  });

  test.each<[string, Partial<LoadOptions>]>([
    ["-duration 1m30s", { durationMs: 90_000 }],
    ["-duration 0", { durationMs: 0 }],
    ["-duration 0s -stoppable", { durationMs: Number.POSITIVE_INFINITY }],
    ["-duration 0 -totalputsize 1M", { durationMs: Number.POSITIVE_INFINITY, totalPutBytes: MIB }],
    ["-epochs 2", { durationMs: Number.POSITIVE_INFINITY, epochs: 2 }],
    ["-timeout 0", { timeoutMs: Number.POSITIVE_INFINITY }],
    ["-minsize 1K -maxsize 1KB", { sizes: { minBytes: 1024, maxBytes: 1024, distribution: "uniform" } }],
    ["-maxsize 1K", { sizes: { minBytes: 1024, maxBytes: 1024, distribution: "uniform" } }],
    ["-minsize 2GiB", { sizes: { minBytes: 2 * GIB, maxBytes: 2 * GIB, distribution: "uniform" } }],
    ["-readoff=1k -readlen=32m", { readOffsetBytes: 1024, readLengthBytes: 32 * MIB }],
    ["-direct", { route: "direct" }],
    ["-randomproxy", { route: "random-proxy" }],
    ["-trace .05 -slowest 3", { traceRatio: 0.05, slowestCount: 3 }],
    ['-bprops {"mirror":{"copies":2}}', { bucketProps: { mirror: { copies: 2 } } }],
    ['-bprops "mirror":{"copies":2},', { bucketProps: { mirror: { copies: 2 } } }],
    ["-ip 10.0.0.1 -port 51080", { endpoint: "http://10.0.0.1:51080" }],
    ["-ip ::1", { endpoint: "http://[::1]:8080" }],
    [
      "-putshards 16",
      { naming: { subdirectory: "", subdirectoryCount: 16, random: true, loaderId: 0, loaderCount: 0 } },
    ],
    [
      "-subdir a/b/ -loaderid 11 -loadernum 20 -randomname=false",
      { naming: { subdirectory: "a/b", subdirectoryCount: 0, random: false, loaderId: 11, loaderCount: 20 } },
    ],
    ["-seed 42", { seed: 42 }],
  ])("%s", (line, wanted) => {
    expect(load([...BUCKET, ...line.split(" ")])).toMatchObject(wanted);
  });

  test.each([
    ["-numworkers", "-numworkers needs a value"],
    ["-numworkers=x", '-numworkers is "x", want a whole number from 0 to'],
    ["-numworkers=0", "-numworkers is 0, want at least 1"],
    ["-pctput=101", '-pctput is "101", want a whole number from 0 to 100'],
    ["-trace=1.1", '-trace is "1.1", want a number from 0 to 1'],
    ["-maxsize=-1", '-maxsize is "-1", want nothing negative'],
    ["-minsize=huge", '-minsize: invalid size "huge"'],
    ["-minsize=2K -maxsize=1K", "-maxsize is 1024 bytes, less than -minsize, 2048 bytes"],
    ["-duration=5", '-duration: invalid duration "5"'],
    ["-cleanup=perhaps", '-cleanup is "perhaps", want true or false'],
    ["-readertype=file", '-readertype is "file", want one of sg, rand'],
    ["-cksum-type=sha1", '-cksum-type is "sha1", want one of none, xxhash'],
    ["-what", "unknown flag -what, see --help"],
    ["stray", 'unexpected argument "stray"'],
    ["-verifyhash -readlen=1", "-verifyhash needs whole objects"],
    ["-skiplist", "-skiplist is for -pctput=100 only"],
    ["-direct -randomproxy", "exclude each other"],
    ["-epochs=1 -pctput=100", "-epochs needs GET"],
    ["-json -stats-output=-", "both write to standard output"],
    ["-loaderid=3 -loadernum=3", "-loaderid is 3, want less than -loadernum, 3"],
    ["-num-subdirs=100000", "want less than 100000"],
    ["-bucket=ais://abc/obj", "want a bucket without an object name"],
    ["-bucket=ais://abc -provider=aws", '-provider is "aws", -bucket is "ais://abc"'],
    ["-bucket=a..b", "bucket name"],
    ["-endpoint=https://host", "want http:"],
    ["-bprops={", "failed to parse JSON"],
    ["-subdir=/a", "want no / at its start"],
  ])("%s is refused: %s", (line, text) => {
    const attempt = (): unknown => parseCommand([...BUCKET, ...line.split(" ")], {});
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(text);
  });

  test("what only AIStore's loader can do is refused with the reason, never ignored", () => {
    for (const [name, reason] of Object.entries(UNSUPPORTED)) {
      expect(() => parseCommand([...BUCKET, `-${name}=1`], {})).toThrow(
        `-${name} is not supported: ${reason}`,
      );
      expect(Object.keys(OPTIONS)).not.toContain(name);
    }
  });
});

describe("bucket and endpoint", () => {
  test("-cleanup must be decided for a bucket that is named", () => {
    expect(() => parseCommand(["-bucket=abc"], {})).toThrow("-cleanup must be given with -bucket");
  });

  test("without a name there is a new bucket, cleaned up afterwards", () => {
    const [first, second] = [load(["-pctput=100"]), load(["-pctput=100"])];
    expect(first.bucket.name).toMatch(/^aisloader-[0-9a-z]{8}$/);
    expect(first.bucket.name).not.toBe(second.bucket.name);
    expect(first.cleanup).toBe(true);
    expect(() => parseCommand(["-numworkers=1"], {})).toThrow("without -bucket there is nothing to read");
  });

  test("AIS_ENDPOINT overrides the default address and contradicts another", () => {
    const env = { AIS_ENDPOINT: "http://10.1.1.1:51080/" };
    expect(load(BUCKET, env).endpoint).toBe("http://10.1.1.1:51080");
    expect(load([...BUCKET, "-endpoint=h:1"], env).endpoint).toBe("http://h:1");
    expect(() => parseCommand([...BUCKET, "-ip=10.2.2.2"], env)).toThrow("AIS_ENDPOINT=");
    expect(load([...BUCKET, "-ip=10.2.2.2"], { AIS_ENDPOINT: "" }).endpoint).toBe("http://10.2.2.2:8080");
  });
});

describe("other commands", () => {
  test.each([[[]], [["-help"]], [["--help"]], [["usage"]], [["-usage", "-bucket=abc"]]])(
    "%p is help",
    (argv) => {
      expect(parseCommand(argv, {}).run).toBe("help");
    },
  );

  test("version, the loader's id and a dry run", () => {
    expect(parseCommand(["version"], {}).run).toBe("version");
    expect(parseCommand(["-getloaderid", "-loaderid=10"], {})).toEqual({ run: "loader-id", loaderId: 10 });
    expect(parseCommand([...BUCKET, "-dry-run"], {}).run).toBe("dry-run");
  });

  test("help names every flag, and those that are refused", () => {
    const help = helpText();
    for (const name of [...Object.keys(OPTIONS), ...Object.keys(UNSUPPORTED)])
      expect(help).toContain(`-${name}`);
  });
});
