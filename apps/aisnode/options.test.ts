import { describe, expect, test } from "bun:test";
import { helpText, OPTIONS, OptionError, parseOptions } from "./options.ts";

const target = ["--role", "target", "--mountpath", "/data/1"];

describe("parseOptions", () => {
  test("a flag wins over the environment, which wins over the default", () => {
    const env = { AIS_PORT: "9001", AIS_LOG_LEVEL: "4", HOME: "/home/x" };
    const { options, sources } = parseOptions(["--role=proxy", "--port", "9002"], env);
    expect(options.port).toBe(9002);
    expect(options["log-level"]).toBe("4");
    expect(options.hostname).toBe("127.0.0.1");
    expect([sources.port, sources["log-level"], sources.hostname]).toEqual([
      "flag",
      "environment",
      "default",
    ]);
  });

  test("a repeated list flag adds up, and replaces the environment's list", () => {
    const flags = [...target, "--mountpath=/data/2"];
    expect(parseOptions(flags, { AIS_MOUNTPATHS: "/other" }).options.mountpath).toEqual([
      "/data/1",
      "/data/2",
    ]);
    const fromEnv = parseOptions(["--role", "target"], { AIS_MOUNTPATHS: "/a:/b" });
    expect(fromEnv.options.mountpath).toEqual(["/a", "/b"]);
  });

  test("durations are milliseconds, and have defaults", () => {
    expect(parseOptions(target, {}).options["lease-ttl"]).toBe(4000);
    expect(parseOptions([...target, "--lease-ttl=1m30s"], {}).options["lease-ttl"]).toBe(90_000);
    expect(parseOptions(target, { AIS_LEASE_TTL: "30s" }).options["lease-ttl"]).toBe(30_000);
  });

  test("what depends on other options is filled in", () => {
    const { options } = parseOptions(["--role", "proxy", "--port", "8088"], { HOME: "/home/x" });
    expect(options["config-dir"]).toBe("/home/x/.ais/proxy-8088");
    expect(options.coordinator).toBe("sqlite:/home/x/.ais/cluster.db");
    expect(options["listen-address"]).toBe("127.0.0.1");
    // An empty environment has no home, and an empty HOME is none.
    for (const env of [{}, { HOME: "" }]) {
      const { coordinator } = parseOptions(["--role", "proxy"], env).options;
      expect(coordinator).toBe("sqlite:/var/lib/.ais/cluster.db");
    }
    expect(parseOptions(["--role", "proxy", "--hostname", "node7"], {}).options["listen-address"]).toBe(
      "0.0.0.0",
    );
  });

  test.each([
    [[], /missing --role/],
    [["--role", "router"], /--role is "router", want one of proxy, target/],
    [["--role", "proxy", "--port", "70000"], /--port is "70000"/],
    [["--role", "proxy", "--port"], /--port needs a value/],
    [["--role", "proxy", "--prot", "1"], /unknown option "--prot"/],
    [["--role", "proxy", "stray"], /unknown option "stray"/],
    [["--role", "proxy", "--role", "target"], /given twice/],
    [["--role", "target"], /missing --mountpath/],
    [["--role", "proxy", "--mountpath", "/x"], /--mountpath is given to a proxy/],
    [[...target, "--mountpath", "/data/1/"], /given twice/],
    [["--role", "proxy", "--coordinator", "etcd://host"], /want sqlite:/],
    [["--role", "proxy", "--coordinator", "sqlite:relative.db"], /want sqlite:/],
    [["--role", "proxy", "--lease-ttl", "soon"], /want a duration/],
    [["--role", "proxy", "--lease-ttl=10ms"], /a second or more/],
    [["--help=yes"], /takes no value/],
  ])("refuses %j", (argv, text) => {
    expect(() => parseOptions(argv, {})).toThrow(OptionError);
    expect(() => parseOptions(argv, {})).toThrow(text);
  });

  test("a bad value in the environment is named by its variable", () => {
    expect(() => parseOptions(["--role", "proxy"], { AIS_PORT: "http" })).toThrow(/AIS_PORT is "http"/);
  });

  test("--help and --version need nothing else", () => {
    expect(parseOptions(["--help"], {}).options.help).toBe(true);
    expect(parseOptions(["--version"], {}).options.version).toBe(true);
  });
});

test("the help names every option and its variable", () => {
  const help = helpText();
  for (const [name, entry] of Object.entries(OPTIONS)) {
    expect(help).toContain(`--${name}`);
    if ("env" in entry) expect(help).toContain(entry.env);
  }
});
