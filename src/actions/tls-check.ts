import { differenceInDays } from "date-fns/differenceInDays";
import { z } from "zod";
import { isUserError, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { TlsFacts } from "../engine/ports.ts";

const Params = z.strictObject({
  days: z.int().min(1).default(21).describe("certificates have to be valid for more than so many days"),
});

type TlsState = { names: string[]; days: number };

const timeoutMs = 5000;

/** RFC 8996: these are not to be spoken any more. */
const deprecated = ["TLS 1.0", "TLS 1.1"];

function versionEvidence(name: string, { versions }: TlsFacts): Evidence {
  const named = (wanted: boolean | null): string =>
    versions
      .filter(({ accepted }) => accepted === wanted)
      .map(({ version }) => version)
      .join(", ");
  const parts = [
    `speaks ${named(true) || "no version that is known"}`,
    ...(named(false) === "" ? [] : [`refuses ${named(false)}`]),
    ...(named(null) === "" ? [] : [`not known: ${named(null)}`]),
  ];
  const old = versions.filter(({ version }) => deprecated.includes(version));
  const bad = old.some(({ accepted }) => accepted === true);
  const unknown = old.some(({ accepted }) => accepted === null);
  const modern = versions.some(({ version, accepted }) => accepted === true && !deprecated.includes(version));
  const ok = bad || !modern ? false : unknown ? null : true;
  return { what: `${name} ${parts.join("; ")}`, ok };
}

function certificateEvidence(name: string, { chain, distrust }: TlsFacts): Evidence {
  const issuer = chain[0]?.issuer ?? "nobody";
  if (distrust === null)
    return { what: `${name}: certificate by ${issuer}, trusted, ${chain.length} in its chain`, ok: true };
  return { what: `${name}: certificate by ${issuer} is not trusted: ${distrust}`, ok: false };
}

/** The first of the chain to expire decides: an intermediate that has expired breaks clients just as well. */
function expiryEvidence(name: string, { chain }: TlsFacts, days: number, now: Date): Evidence {
  const [first] = chain.toSorted((a, b) => a.validTo.getTime() - b.validTo.getTime());
  if (first === undefined) return { what: `${name} shows no certificate`, ok: false };
  const left = differenceInDays(first.validTo, now);
  const date = first.validTo.toISOString().slice(0, 10);
  const whose = first === chain[0] ? "" : ` of ${first.subject} in its chain`;
  const what =
    left < 0
      ? `${name}: the certificate${whose} expired on ${date}`
      : `${name}: the certificate${whose} is valid until ${date}, ${left} more day${left === 1 ? "" : "s"}`;
  return { what, ok: first.validTo > now && left > days };
}

/** Looks at the TLS of every domain of crai.yaml: versions, chain, names, days left. */
export const tlsCheck = defineAction<z.infer<typeof Params>, TlsState, "none">({
  name: "tls-check",
  scope: "none",
  params: Params,
  permission: "workload:read",

  async plan({ days }, { settings: { domains } }) {
    if (domains.length === 0)
      throw new UserError("No domain is known whose TLS could be checked.", {
        why: "crai.yaml has no `domains`.",
        next: "Add the names that users reach the system by, as `domains: [{ name: api.example.com }]`.",
      });
    return {
      title: `TLS of ${domains.map(({ name }) => name).join(", ")}, valid for more than ${days} days`,
      calls: [],
      facts: [],
      diff: null,
      kubectl: domains.map(
        ({ name, port }) => `openssl s_client -connect ${name}:${port} -servername ${name}`,
      ),
      warnings: [],
      fingerprint: digest([domains, days]),
      inverse: null,
      state: { names: domains.map(({ name }) => name), days },
    };
  },

  async observe({ names, days }, { tls, settings, now }) {
    const domains = settings.domains.filter(({ name }) => names.includes(name));
    const found = await Promise.all(
      domains.map(async (domain): Promise<{ name: string; evidence: Evidence[]; expires: string | null }> => {
        const { name } = domain;
        try {
          const facts = await tls.look(domain, timeoutMs);
          const evidence = [
            versionEvidence(name, facts),
            certificateEvidence(name, facts),
            expiryEvidence(name, facts, days, now()),
          ];
          return { name, evidence, expires: facts.chain[0]?.validTo.toISOString() ?? null };
        } catch (error) {
          if (!isUserError(error)) throw error;
          return { name, evidence: [{ what: `${error.message} ${error.why}`, ok: false }], expires: null };
        }
      }),
    );
    const evidence = found.flatMap((one) => one.evidence);
    const values = { expires: Object.fromEntries(found.map(({ name, expires }) => [name, expires])) };
    const bad = evidence.filter(({ ok }) => ok === false);
    if (bad.length === 0) return { state: "done", evidence, values };
    return { state: "failed", detail: bad.map(({ what }) => what).join("; "), evidence, values };
  },
});
