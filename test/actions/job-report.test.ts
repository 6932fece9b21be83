import { describe, expect, test } from "vitest";
import { readReport } from "../../src/actions/jobs/report.ts";
import { reportCheck } from "../../src/actions/report-check.ts";
import type { ActionContext, Observation } from "../../src/engine/playbooks/action.ts";
import type { Json } from "../../src/engine/ports.ts";

const entry = {
  name: "/v1/predict",
  method: "POST",
  num_requests: 900,
  num_failures: 9,
  start_time: 1000,
  last_request_timestamp: 1010,
  response_times: { "50": 800, "190": 60, "700": 40 },
};

describe("the report of a load test", () => {
  test("is read out of a log that says other things before and after it", () => {
    const log = [
      "Starting",
      JSON.stringify([entry, { ...entry, num_requests: 100, num_failures: 1 }]),
      "bye",
    ];
    expect(readReport("locust", log.join("\n"))?.numbers).toEqual({
      requests: 1000,
      failures: 10,
      requestsPerSecond: 100,
      errorRate: 0.01,
      p50: 0.05,
      p95: 0.19,
      p99: 0.7,
    });
  });

  test("without a single request says nothing of errors and times", () => {
    const none = {
      ...entry,
      num_requests: 0,
      num_failures: 0,
      last_request_timestamp: null,
      response_times: {},
    };
    expect(readReport("locust", JSON.stringify([none]))?.numbers).toEqual({
      requests: 0,
      failures: 0,
      requestsPerSecond: 0,
    });
  });
});

describe("the report of an image scan", () => {
  const scan = {
    SchemaVersion: 2,
    Results: [
      { Target: "os", Vulnerabilities: null },
      {
        Target: "node",
        Vulnerabilities: [
          { VulnerabilityID: "CVE-1", PkgName: "xz", Severity: "CRITICAL", FixedVersion: "5.6.2" },
          { VulnerabilityID: "CVE-2", PkgName: "zlib", Severity: "HIGH" },
          { VulnerabilityID: "CVE-3", PkgName: "gpgv", Severity: "LOW" },
          { VulnerabilityID: "CVE-4", PkgName: "tar" },
        ],
      },
    ],
  };

  test.each([
    ["on one line", JSON.stringify(scan)],
    [
      "written over many lines, between progress",
      `INFO scanning\n${JSON.stringify(scan, null, 2)}\nINFO done`,
    ],
  ])("%s is counted by severity, and the worst are named", (_, log) => {
    expect(readReport("trivy", log)).toEqual({
      numbers: { critical: 1, high: 1, medium: 0, low: 1, unknown: 1 },
      notes: ["CVE-1 in xz (critical, fixed in 5.6.2)", "CVE-2 in zlib (high, no fix yet)"],
    });
  });

  test("of a clean image is all zeros, and a log without one is no clean image", () => {
    expect(readReport("trivy", JSON.stringify({ SchemaVersion: 2 }))?.numbers).toMatchObject({ critical: 0 });
    expect(readReport("trivy", "FATAL image not found")).toBeNull();
    expect(readReport("trivy", JSON.stringify(scan).slice(0, 60))).toBeNull();
  });
});

test("numbers are read from metric lines and from one object, and the last word of each counts", () => {
  const log = [
    JSON.stringify({ metric: "auc_roc", value: 0.7, ok: false }),
    JSON.stringify({ metric: "auc_roc", value: 0.874 }),
    JSON.stringify({ accuracy: 0.826, note: "fine" }),
  ];
  expect(readReport("json", log.join("\n"))?.numbers).toEqual({ auc_roc: 0.874, accuracy: 0.826 });
});

describe("a report that is held to bounds", () => {
  async function held(of: Json): Promise<Observation> {
    const bounds = [
      { figure: "requestsPerSecond", title: "Requests", unit: "perSecond", above: 100 },
      { figure: "errorRate", title: "Error rate", unit: "ratio", below: 0.01 },
    ];
    const context = {} as ActionContext;
    const { state } = await reportCheck.plan(reportCheck.params.parse({ of, bounds }), context);
    return reportCheck.observe(state, context, new Date(0));
  }
  const left = (numbers: Record<string, number>): Json => ({ exitCode: 0, report: { numbers, notes: [] } });

  test("passes strictly within them", async () => {
    expect(await held(left({ requestsPerSecond: 100.1, errorRate: 0.0099 }))).toMatchObject({
      state: "done",
    });
  });

  test.each([
    [{ requestsPerSecond: 100, errorRate: 0 }, "Requests 100/s (wanted: above 100/s)"],
    [{ requestsPerSecond: 200, errorRate: 0.01 }, "Error rate 1 % (wanted: below 1 %)"],
  ])("fails at a bound: %o", async (numbers, detail) => {
    expect(await held(left(numbers))).toMatchObject({ state: "failed", detail });
  });

  test.each([[null], [{ exitCode: 1, report: null }], [left({ requestsPerSecond: 200 })]])(
    "is unknown, and no success, where figures are missing",
    async (of) => {
      expect(await held(of)).toMatchObject({ state: "unknown" });
    },
  );

  test("fails over one figure though another is missing", async () => {
    expect(await held(left({ requestsPerSecond: 3 }))).toMatchObject({ state: "failed" });
  });
});
