import { describe, expect, test } from "bun:test";
import type { Clock } from "@ais/base/clock.ts";
import type { SamplingRule } from "@ais/wire/sampling-rules.ts";
import { carrier, token } from "../fixtures/tracing-fixture.ts";
import type { InboundCarrier, InboundFacts } from "../types.ts";
import { type HeadDecision, HeadSampler } from "./head-sampler.ts";

const GET: InboundFacts = { operation: "object.get", bucket: "ais://nnn", sizeBytes: null, path: "/" };
const PUT: InboundFacts = { operation: "object.put", bucket: "ais://nnn", sizeBytes: 1_000_000, path: "/" };
/** Below the bound of every probability above 2^-32, and above the one of every probability below 1. */
const LUCKY = 0;
const UNLUCKY = 0xffff_ffff;

class SetClock implements Clock {
  wallMs = Date.parse("2026-08-19T10:00:00Z");
  nowMs(): number {
    return this.wallMs;
  }
  nowNs(): bigint {
    return BigInt(this.wallMs) * 1_000_000n;
  }
  monotonicMs(): number {
    return this.wallMs;
  }
}

interface Setup {
  readonly probability?: number;
  readonly rules?: readonly SamplingRule[];
  readonly believesUsers?: boolean;
  readonly allowsForced?: boolean;
  readonly clock?: Clock;
}

function sampler({
  probability = 0,
  rules = [],
  believesUsers = true,
  allowsForced = true,
  clock = new SetClock(),
}: Setup): HeadSampler {
  return new HeadSampler({ probability, rules, believesUsers, allowsForced, clock });
}

function request(facts: InboundFacts, headers: Readonly<Record<string, string>> = {}): InboundCarrier {
  return { ...carrier(headers), facts: () => facts };
}

function decide(setup: Setup, facts: InboundFacts): HeadDecision {
  return sampler(setup).decide(LUCKY, LUCKY, request(facts));
}

const all = (members: Partial<SamplingRule>): SamplingRule => ({ id: "all", probability: 1, ...members });
const none = (members: Partial<SamplingRule>): SamplingRule => ({ id: "none", probability: 0, ...members });

describe("rules", () => {
  test.each([
    [{}, GET, true],
    [{ bucket: "ais://nnn" }, GET, true],
    [{ bucket: "ais://nn" }, GET, false],
    [{ bucket: "ais://nnnn" }, GET, false],
    [{ bucket: "s3://nnn" }, GET, false],
    [{ bucket: "ais://n*" }, GET, true],
    [{ bucket: "ais://nnn*" }, GET, true],
    [{ bucket: "ais://*" }, GET, true],
    [{ bucket: "ais://nnnn*" }, GET, false],
    [{ bucket: "ais://*" }, { ...GET, operation: "bucket.list", bucket: "" }, false],
    [{ operation: "object.get" }, GET, true],
    [{ operation: "object.put" }, GET, false],
    [{ min_size: "1000000B" }, PUT, true],
    [{ min_size: "1000001B" }, PUT, false],
    [{ min_size: "1B" }, { ...PUT, sizeBytes: null }, false],
    [{ min_size: "1B" }, GET, false],
    [{ bucket: "ais://nnn", operation: "object.put", min_size: "1KiB" }, PUT, true],
    [{ bucket: "ais://mmm", operation: "object.put", min_size: "1KiB" }, PUT, false],
  ] as const)("%j over %j: %p", (conditions, facts, matches) => {
    expect(decide({ rules: [all(conditions)] }, facts)).toEqual({
      sampled: matches,
      ruleId: matches ? "all" : "",
      forced: false,
    });
  });

  test("the first that matches decides, against those after it and the cluster's probability", () => {
    const rules = [all({ operation: "object.put" }), none({ bucket: "ais://nnn" }), all({ id: "last" })];
    expect(decide({ probability: 1, rules }, PUT)).toMatchObject({ sampled: true, ruleId: "all" });
    expect(decide({ probability: 1, rules }, GET)).toMatchObject({ sampled: false, ruleId: "none" });
    expect(decide({ probability: 0, rules }, { ...GET, bucket: "ais://m" })).toMatchObject({
      ruleId: "last",
    });
    expect(decide({ probability: 1, rules: rules.slice(0, 2) }, { ...GET, bucket: "ais://m" })).toMatchObject(
      {
        sampled: true,
        ruleId: "",
      },
    );
  });

  test("a share is decided by the trace id, as the cluster's is", () => {
    const one = sampler({ rules: [all({ probability: 0.5 })] });
    expect(one.decide(LUCKY, 0, request(GET)).sampled).toBe(true);
    expect(one.decide(UNLUCKY, 0, request(GET))).toEqual({ sampled: false, ruleId: "all", forced: false });
  });

  test("a rule ends by the wall clock of this node", () => {
    const clock = new SetClock();
    const one = sampler({ rules: [all({ expires: "2026-08-19T10:00:01Z" })], clock });
    expect(one.decide(0, 0, request(GET)).ruleId).toBe("all");
    clock.wallMs += 999;
    expect(one.decide(0, 0, request(GET)).ruleId).toBe("all");
    clock.wallMs += 1;
    expect(one.decide(0, 0, request(GET))).toEqual({ sampled: false, ruleId: "", forced: false });
  });

  test("background work, and what tells nothing of itself, go by the cluster's probability", () => {
    const one = sampler({ probability: 1, rules: [none({})] });
    expect(one.decide(0, 0, null)).toEqual({ sampled: true, ruleId: "", forced: false });
    expect(one.decide(0, 0, carrier())).toEqual({ sampled: true, ruleId: "", forced: false });
  });

  test("nothing is asked of the request when there are no rules", () => {
    const silent: InboundCarrier = {
      ...carrier(),
      facts: () => {
        throw new Error("asked");
      },
    };
    expect(sampler({ probability: 1 }).decide(0, 0, silent).sampled).toBe(true);
    expect(() => sampler({ rules: [all({})] }).decide(0, 0, silent)).toThrow("asked");
  });
});

describe("rules by user", () => {
  const ofAlice = { rules: [all({ user: "alice" })] };
  const from = (user: string) => request(GET, { authorization: `Bearer ${token({ sub: user })}` });

  test("whom the token names decides, before the rules that follow", () => {
    const rules = [all({ user: "alice", bucket: "ais://nnn" }), none({ user: "bob" }), all({ id: "last" })];
    const one = sampler({ rules });
    const ruleOf = (user: string) => one.decide(0, 0, from(user)).ruleId;
    expect(["alice", "bob", "carol", "Alice"].map(ruleOf)).toEqual(["all", "none", "last", "last"]);
    expect(one.decide(0, 0, request(GET)).ruleId).toBe("last");
    const elsewhere = { ...from("alice"), facts: () => ({ ...GET, bucket: "ais://mmm" }) };
    expect(one.decide(0, 0, elsewhere).ruleId).toBe("last");
  });

  test("where callers are not believed they match nothing, and the other rules hold", () => {
    expect(sampler({ ...ofAlice, believesUsers: false }).decide(0, 0, from("alice")).sampled).toBe(false);
    const rules = [none({ user: "alice" }), all({})];
    expect(sampler({ rules, believesUsers: false }).decide(0, 0, from("alice")).ruleId).toBe("all");
  });

  test("the token is read once, and only where a rule by user has come to its turn", () => {
    const read: string[] = [];
    const watched = (rules: readonly SamplingRule[]) => {
      const { header } = from("bob");
      const watching = (name: string) => {
        read.push(name);
        return header(name);
      };
      return sampler({ rules }).decide(0, 0, { ...request(GET), header: watching });
    };
    expect(watched([all({}), all({ id: "x", user: "bob" })]).ruleId).toBe("all");
    expect(watched([all({ operation: "object.put", user: "bob" }), all({ id: "x" })]).ruleId).toBe("x");
    expect(watched([all({ user: "bob", expires: "2026-08-19T10:00:00Z" }), all({ id: "y" })]).ruleId).toBe(
      "y",
    );
    expect(read).toEqual([]);
    expect(watched([all({ user: "alice" }), all({ id: "z", user: "bob" })]).ruleId).toBe("z");
    expect(read).toEqual(["authorization"]);
  });
});

describe("the header ais-trace", () => {
  test.each(["1", "true", "yes"])("%s has a trace sampled that would not be", (value) => {
    const headers = { "ais-trace": value };
    expect(sampler({}).decide(0, 0, request(GET, headers))).toEqual({
      sampled: true,
      ruleId: "",
      forced: true,
    });
    const denied = sampler({ rules: [none({})] }).decide(0, 0, request(GET, headers));
    expect(denied).toEqual({ sampled: true, ruleId: "", forced: true });
  });

  test("it says nothing with other values, where it is not allowed, or where the trace is sampled anyway", () => {
    expect(sampler({}).decide(0, 0, request(GET, { "ais-trace": "0" })).sampled).toBe(false);
    const headers = { "ais-trace": "1" };
    expect(sampler({ allowsForced: false }).decide(0, 0, request(GET, headers)).sampled).toBe(false);
    expect(sampler({ probability: 1 }).decide(0, 0, request(GET, headers)).forced).toBe(false);
  });
});
