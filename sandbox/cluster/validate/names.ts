import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";

interface Format {
  pattern: RegExp;
  longest: number;
  /** Kubernetes's own words, which clients and people look for. */
  message: string;
}

function example(...values: string[]): string {
  return `(e.g. ${values.map((value) => `'${value}'`).join(",  or ")}, regex used for validation is `;
}

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`;
const service = "[a-z]([-a-z0-9]*[a-z0-9])?";
const labelName = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

const formats = {
  label: {
    pattern: new RegExp(`^${label}$`),
    longest: 63,
    message: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character ${example("my-name", "123-abc")}'${label}')`,
  },
  subdomain: {
    pattern: new RegExp(`^${subdomain}$`),
    longest: 253,
    message: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character ${example("example.com")}'${subdomain}')`,
  },
  service: {
    pattern: new RegExp(`^${service}$`),
    longest: 63,
    message: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character ${example("my-name", "abc-123")}'${service}')`,
  },
  labelName: {
    pattern: new RegExp(`^${labelName}$`),
    longest: 63,
    message: `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${example("MyName", "my.name", "123-abc")}'${labelName}')`,
  },
  labelValue: {
    pattern: new RegExp(`^${labelValue}$`),
    longest: 63,
    message: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${example("MyValue", "my_value", "12345")}'${labelValue}')`,
  },
} satisfies Record<string, Format>;

export type NameFormat = keyof typeof formats;

/** What is wrong with a name, empty when nothing is. */
export function checkName(field: string, value: string, format: NameFormat): StatusCause[] {
  const { pattern, longest, message } = formats[format];
  const quoted = JSON.stringify(value);
  const causes: StatusCause[] = [];
  if (value.length > longest) {
    causes.push(cause(field, "Invalid value", `${quoted}: must be no more than ${longest} characters`));
  }
  if (!pattern.test(value)) causes.push(cause(field, "Invalid value", `${quoted}: ${message}`));
  return causes;
}

/** A label or annotation key: a name, maybe after a DNS prefix and a slash. */
export function checkKey(field: string, key: string): StatusCause[] {
  const slash = key.indexOf("/");
  if (slash === -1) return checkName(field, key, "labelName");
  const prefix = checkName(field, key.slice(0, slash), "subdomain");
  return [...prefix, ...checkName(field, key.slice(slash + 1), "labelName")];
}

export function checkLabels(field: string, labels: Record<string, unknown> | undefined): StatusCause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...checkKey(field, key),
    ...checkName(field, String(value), "labelValue"),
  ]);
}
