import { parseSchedule } from "../controllers/jobs/schedule.ts";
import { child, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";
import { checkPodSpec } from "./pod-spec.ts";
import { checkCount } from "./workloads.ts";

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
];

export function checkJob(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  return [...checkJobSpec("spec", spec), ...(old ? checkFixed(spec, child(old, "spec") ?? {}) : [])];
}

function checkJobSpec(path: string, spec: Fields): StatusCause[] {
  const pod = child(child(spec, "template"), "spec") ?? {};
  const policy = pod["restartPolicy"];
  return [
    ...counts.flatMap((field) => checkCount(`${path}.${field}`, spec[field])),
    ...checkPodSpec(`${path}.template.spec`, pod),
    ...(policy === "Never" || policy === "OnFailure"
      ? []
      : [
          cause(
            `${path}.template.spec.restartPolicy`,
            "Required value",
            'valid values: "OnFailure", "Never"',
          ),
        ]),
  ];
}

/** What a Job keeps for life. The API server prints the whole Go value of a template; nobody reads that. */
function checkFixed(spec: Fields, before: Fields): StatusCause[] {
  const completions = spec["completions"];
  return [
    ...(sameJson(completions, before["completions"])
      ? []
      : [cause("spec.completions", "Invalid value", `${textOr(completions, "null")}: field is immutable`)]),
    ...["selector", "template"]
      .filter((field) => !sameJson(spec[field], before[field]))
      .map((field) =>
        cause(`spec.${field}`, "Invalid value", `${JSON.stringify(spec[field])}: field is immutable`),
      ),
  ];
}

export function checkCronJob(object: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const schedule = textOr(spec["schedule"], "");
  const zone = spec["timeZone"];
  return [
    ...(schedule === "" ? [cause("spec.schedule", "Required value", "")] : []),
    ...(schedule === "" || parseSchedule(schedule) ? [] : [badSchedule(schedule)]),
    ...(typeof zone === "string" && !isTimeZone(zone)
      ? [cause("spec.timeZone", "Invalid value", `${JSON.stringify(zone)}: unknown time zone ${zone}`)]
      : []),
    ...checkJobSpec("spec.jobTemplate.spec", child(child(spec, "jobTemplate"), "spec") ?? {}),
  ];
}

function badSchedule(schedule: string): StatusCause {
  const fields = schedule.split(/\s+/);
  const why =
    fields.length === 5
      ? "a field is out of its range"
      : `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
  return cause("spec.schedule", "Invalid value", `${JSON.stringify(schedule)}: ${why}`);
}

function isTimeZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
