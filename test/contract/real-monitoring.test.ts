import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import type { Rule } from "../../sandbox/alerts/rules.ts";
import { freePort } from "../../sandbox/free-port.ts";
import { services } from "../../sandbox/pager/account.ts";
import { alertmanagerToken, people } from "../../sandbox/seed.ts";
import { type Sandbox, startSandbox } from "../../sandbox/start-sandbox.ts";
import { person } from "../support/person.ts";
import { program, runProgram } from "../support/program.ts";
import { quietPlaybooks } from "../support/quiet-playbooks.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const prometheus = program("prometheus");
const alertmanager = program("prometheus-alertmanager");
const withinMs = 60_000;

describe.skipIf(prometheus === undefined || alertmanager === undefined)(
  "the story with a real Prometheus and Alertmanager (skipped: no prometheus, no prometheus-alertmanager)",
  () => {
    const folder = temporaryFolder();
    const running: { stop(): Promise<void> }[] = [];
    let sandbox: Sandbox;
    let robin: ReturnType<typeof person>;

    beforeAll(async () => {
      const at = {
        prometheus: `127.0.0.1:${await freePort()}`,
        alertmanager: `127.0.0.1:${await freePort()}`,
      };
      sandbox = await startSandbox({
        port: 0,
        dataDir: join(folder, "sandbox"),
        crai: true,
        env: quietPlaybooks(),
        prometheus: `http://${at.prometheus}`,
        timing: { metrics: 500, pods: { podStart: 100, podStop: 50 } },
      });
      running.push(startAlertmanager(at.alertmanager), startPrometheus(at.prometheus, at.alertmanager));
      for (const address of Object.values(at)) {
        await vi.waitFor(() => answers(`http://${address}/-/ready`), { timeout: 30_000 });
      }
      robin = person(sandbox.url, people.robin.slack);
      await sandbox.crai.ready();
    });
    afterAll(async () => {
      robin?.leave();
      for (const one of running) await one.stop();
      await sandbox?.close();
    });

    it(
      "opens one incident with the fix waiting, rolls back, and sees the cure and the resolved alert",
      { timeout: 4 * withinMs },
      async () => {
        await fetch(`${sandbox.url}/panel/commands`, {
          method: "POST",
          body: JSON.stringify({ command: "ship-release", kind: "errors" }),
        });

        const channel = await robin.waitForChannel(/^inc-/, { withinMs });
        const card = await robin.waitForMessage(channel.id, /Confirm/, { withinMs });
        await vi.waitFor(
          () => expect(sandbox.pager.incidents.all.map(({ status }) => status)).toEqual(["triggered"]),
          { timeout: withinMs },
        );
        await robin.command(channel.id, "/crai rollback");
        const plan = await robin.waitForMessage(channel.id, /Nothing has been touched/, { withinMs });
        expect(textOf(plan)).toMatch(/^Roll api-deployment back to revision 3 \(v1\.1\.9\)/);
        await robin.press(plan, "Cancel");
        await robin.press(card, "Confirm");
        const outcome = await robin.waitForMessage(channel.id, /R1 (?!Running)[^]*target below 1 %/, {
          withinMs,
        });
        await vi.waitFor(
          () => expect(sandbox.pager.incidents.all.map(({ status }) => status)).toEqual(["resolved"]),
          { timeout: withinMs },
        );
        const channels = await robin.channels();

        expect(textOf(outcome)).toContain("R1 Cured");
        expect(textOf(outcome)).toMatch(/Error rate .* \(target below 1 %\)/);
        expect(channels.filter(({ name }) => name.startsWith("inc-"))).toHaveLength(1);
      },
    );

    function startAlertmanager(listenOn: string) {
      const config = {
        route: {
          receiver: "crai",
          group_by: ["alertname", "app"],
          group_wait: "200ms",
          group_interval: "2s",
          repeat_interval: "4h",
        },
        receivers: [
          {
            name: "crai",
            webhook_configs: [
              {
                url: `${sandbox.crai.url}/webhooks/alertmanager`,
                http_config: { authorization: { type: "Bearer", credentials: alertmanagerToken } },
              },
            ],
            pagerduty_configs: [
              {
                routing_key: services[0]!.routingKey,
                url: `${sandbox.url}/pager/v2/enqueue`,
                severity: "critical",
                description: "{{ .CommonAnnotations.summary }}",
              },
            ],
          },
        ],
      };
      writeFileSync(join(folder, "alertmanager.yml"), stringify(config));
      const data = newFolder("alertmanager");
      const args = [
        `--config.file=${folder}/alertmanager.yml`,
        `--storage.path=${data}`,
        `--web.listen-address=${listenOn}`,
      ];
      return runProgram(
        alertmanager!,
        [...args, "--cluster.listen-address="],
        join(folder, "alertmanager.log"),
      );
    }

    function startPrometheus(listenOn: string, alertsTo: string) {
      const config = {
        global: {
          scrape_interval: "500ms",
          evaluation_interval: "500ms",
          external_labels: { cluster: "practice" },
        },
        rule_files: [join(folder, "rules.yml")],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [alertsTo] }] }] },
        scrape_configs: [
          {
            job_name: "practice",
            honor_labels: true,
            metrics_path: "/prom/metrics",
            static_configs: [{ targets: [new URL(sandbox.url).host] }],
          },
        ],
      };
      writeFileSync(join(folder, "prometheus.yml"), stringify(config));
      writeFileSync(
        join(folder, "rules.yml"),
        stringify({ groups: [{ name: "runbook", rules: sandbox.rules.map(ruleEntry) }] }),
      );
      const data = newFolder("prometheus");
      const args = [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=${listenOn}`,
      ];
      return runProgram(prometheus!, args, join(folder, "prometheus.log"));
    }

    function newFolder(name: string): string {
      const path = join(folder, name);
      mkdirSync(path);
      return path;
    }
  },
);

async function answers(url: string): Promise<void> {
  const { ok, status } = await fetch(url);
  if (!ok) throw new Error(`${url} answers ${status}.`);
}

/** One of the sandbox's rules, as Prometheus reads it from a file. */
function ruleEntry(rule: Rule) {
  return {
    alert: rule.alert,
    expr: rule.expr,
    for: `${rule.forMs}ms`,
    labels: { severity: rule.severity },
    annotations: {
      summary: rule.summary.replace("$app", "{{ $labels.app }}").replace("$value", "{{ $value | humanize }}"),
      description: rule.description,
    },
  };
}
