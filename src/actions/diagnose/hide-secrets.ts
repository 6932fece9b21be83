/** What looks like a secret in a line of a log: the name stays, so that people know what was there. */
const looks: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,100}):[^\s@/]{1,300}@/gi, "$1:***@"],
  [/\b(authorization["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|token)\s+)?[^\s"',;]+/gi, "$1***"],
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi, "$1 ***"],
  [
    /((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|cookie|session)[a-z0-9_-]{0,20}["']?\s*[:=]\s*["']?)[^\s"',;&}]+/gi,
    "$1***",
  ],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, "***"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, "***"],
  [/\bxox[abposr]-[\w-]{10,}/g, "***"],
  [/\bgh[pousr]_\w{20,}/g, "***"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*/g, "***"],
  [
    /\b(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*[A-Z])[A-Za-z0-9+/_-]{40,}={0,2}/g,
    "***",
  ],
];

export function hideSecrets(line: string): string {
  return looks.reduce((text, [look, instead]) => text.replace(look, instead), line);
}
