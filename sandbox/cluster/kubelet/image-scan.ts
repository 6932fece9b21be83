import type { Program } from "./program.ts";

interface Finding {
  id: string;
  pkg: string;
  installed: string;
  fixed: string;
  severity: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL";
  title: string;
}

const usual: Finding[] = [
  {
    id: "CVE-2023-45853",
    pkg: "zlib1g",
    installed: "1:1.2.13.dfsg-1",
    fixed: "",
    severity: "MEDIUM",
    title: "zlib: integer overflow in zipOpenNewFileInZip4_6",
  },
  {
    id: "CVE-2022-3219",
    pkg: "gpgv",
    installed: "2.2.40-1.1",
    fixed: "",
    severity: "LOW",
    title: "gnupg: denial of service with compressed packets",
  },
];

/** In images whose tag says that they are vulnerable. */
const critical: Finding = {
  id: "CVE-2024-3094",
  pkg: "liblzma5",
  installed: "5.6.1-1",
  fixed: "5.6.1+really5.4.5-1",
  severity: "CRITICAL",
  title: "xz: malicious code in distributed source",
};

/** `trivy image`: a table, or JSON with `--format json`; ends with `--exit-code` when it found what it looked for. */
export function imageScan(command: string): Omit<Program, "failure"> {
  const target = /\btrivy\s+(?:image\s+)?(?:.*\s)?([\w./-]+:[\w.-]+)(?:\s|$)/.exec(command)?.[1] ?? "image";
  const wanted = /--severity[= ]([A-Z,]+)/.exec(command)?.[1]?.split(",");
  const found = [...(/vuln/.test(target) ? [critical] : []), ...usual].filter(
    ({ severity }) => !wanted || wanted.includes(severity),
  );
  const exitCode = Number(/--exit-code[= ](\d+)/.exec(command)?.[1] ?? 0);
  const json = /(?:--format|-f)[= ]json/.test(command);
  return {
    seconds: 6,
    exitCode: found.length > 0 ? exitCode : 0,
    lines: () => (json ? [asJson(target, found)] : asTable(target, found)),
  };
}

function asJson(target: string, found: Finding[]): string {
  return JSON.stringify({
    SchemaVersion: 2,
    ArtifactName: target,
    ArtifactType: "container_image",
    Results: [
      {
        Target: `${target} (debian 12.5)`,
        Class: "os-pkgs",
        Type: "debian",
        Vulnerabilities: found.map((one) => ({
          VulnerabilityID: one.id,
          PkgName: one.pkg,
          InstalledVersion: one.installed,
          ...(one.fixed && { FixedVersion: one.fixed }),
          Severity: one.severity,
          Title: one.title,
        })),
      },
    ],
  });
}

function asTable(target: string, found: Finding[]): string[] {
  const counts = (["LOW", "MEDIUM", "HIGH", "CRITICAL"] as const).map(
    (severity) => `${severity}: ${found.filter((one) => one.severity === severity).length}`,
  );
  return [
    `${target} (debian 12.5)`,
    `Total: ${found.length} (UNKNOWN: 0, ${counts.join(", ")})`,
    ...found.map(
      ({ id, pkg, severity, installed, title }) => `${pkg} ${id} ${severity} ${installed} ${title}`,
    ),
  ];
}
