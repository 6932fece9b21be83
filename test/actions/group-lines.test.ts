import { array, assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { createGroups, errorOf } from "../../src/actions/diagnose/group-lines.ts";
import { hideSecrets } from "../../src/actions/diagnose/hide-secrets.ts";

function grouped(...lines: string[]) {
  const groups = createGroups();
  groups.take(lines.join("\n"), "api-1", false);
  return groups.found(10).map(({ count, example }) => [count, example]);
}

describe("errors of a log", () => {
  test("that differ in numbers, addresses and ids are one kind, with one example", () => {
    expect(
      grouped(
        '{"level":"error","message":"POST /v1/predict 500 connection to 10.96.0.13:5432 failed (attempt 1)"}',
        '{"level":"error","message":"POST /v1/predict 500 connection to 10.96.0.14:5432 failed (attempt 3)"}',
        '{"level":"error","message":"KeyError: calibration_table for application 7919"}',
      ),
    ).toEqual([
      [2, "POST /v1/predict 500 connection to 10.96.0.13:5432 failed (attempt 1)"],
      [1, "KeyError: calibration_table for application 7919"],
    ]);
  });

  test("are told by the level of a line, and by its words where it has none", () => {
    expect(errorOf('{"level":"info","message":"no error so far"}')).toBeNull();
    expect(errorOf('{"severity":"CRITICAL","msg":"out of disk"}')).toBe("out of disk");
    expect(errorOf("2026-11-23 ERROR [db] too many clients")).toBe("2026-11-23 ERROR [db] too many clients");
    expect(errorOf("GET /health 200")).toBeNull();
    expect(errorOf('{"message":"panic: nil map"}')).toBe("panic: nil map");
  });

  test("never hold more than their share, whatever a log brings", () => {
    assert(
      property(array(string({ maxLength: 5000 }), { maxLength: 50 }), (lines) => {
        for (const [, example] of grouped(...lines.map((line) => `error ${line}`)))
          expect(String(example).length).toBeLessThanOrEqual(300);
      }),
    );
  });

  test("come without colors and without what turns text around", () => {
    expect(grouped("\u001b[31merror\u001b[0m: \u202Egnorw")).toEqual([[1, "error: gnorw"]]);
  });
});

describe("what looks like a secret", () => {
  test.each([
    ["postgres://api:hunter2@db:5432/x failed", "postgres://api:***@db:5432/x failed"],
    ["password=hunter2 rejected", "password=*** rejected"],
    ['{"api_key": "abc123"}', '{"api_key": "***"}'],
    ["Authorization: Bearer abcdef0123456789", "Authorization: ***"],
    ["token eyJhbGciOi.eyJzdWIiOi.c2ln is no good", "token *** is no good"],
    ["key AKIAIOSFODNN7EXAMPLE denied", "key *** denied"],
    ["xoxb-123456789012-abc denied", "*** denied"],
    ["DATABASE_PASSWORD: practice-only", "DATABASE_PASSWORD: ***"],
  ])("is hidden: %s", (line, shown) => {
    expect(hideSecrets(line)).toBe(shown);
  });

  test.each([
    "connection timed out, timeout 30.00",
    "QueuePool limit of size 5 overflow 10 reached",
    "/usr/lib/python3.11/site-packages/sqlalchemy/pool/impl.py",
    "the token was rejected",
  ])("and nothing else: %s", (line) => {
    expect(hideSecrets(line)).toBe(line);
  });

  test("is hidden in the example, and does not tell one kind of error from another", () => {
    expect(grouped("error: password=one", "error: password=two")).toEqual([[2, "error: password=***"]]);
  });
});
