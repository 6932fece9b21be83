import type { Scenario } from "../session.ts";
import { deployment, job, object } from "../manifests.ts";

/** Jobs, CronJobs and waiting for them. An image with "fail" in its name ends with code 1 on both clusters. */
export const jobScenarios: Scenario[] = [
  {
    name: "jobs",
    async run(k) {
      await k.step("create job job-ok --image=smoke:v1 -- run --all");
      await k.step("wait --for=condition=complete job/job-ok --timeout=30s");
      await k.step("get jobs");
      await k.step("get job job-ok -o wide");
      await k.step("get job job-ok -o yaml");
      await k.step("get pods -l job-name=job-ok");
      await k.step("logs job/job-ok");
      await k.step("describe job job-ok");
      await k.step("create job job-ok --image=smoke:v1");
      await k.step(["patch", "job", "job-ok", "-p", '{"spec":{"completions":4}}']);
      await k.step(["patch", "job", "job-ok", "-p", '{"spec":{"backoffLimit":4}}']);
      await k.step("delete job job-ok");
      await k.until("get pods -l job-name=job-ok -o name", /^$/);
      await k.step("get jobs,pods");
      await k.step("create job job-always --image=smoke:v1 --dry-run=server -o name");
      await k.step("create -f -", { input: job("job-always", "smoke:v1", {}, { restartPolicy: "Always" }) });
      await k.step("create -f -", {
        input: job("job-odd", "smoke:v1", { completions: -1, backoffLimit: -2 }),
      });
    },
  },
  {
    name: "jobs that fail",
    async run(k) {
      await k.prepare("create -f -", job("job-bad", "smoke-fail:v1", { backoffLimit: 0 }));
      await k.step("wait --for=condition=failed job/job-bad --timeout=30s");
      await k.step("get job job-bad");
      await k.step("get job job-bad -o jsonpath={.status}");
      await k.step("get pods -l job-name=job-bad");
      await k.step("wait --for=condition=complete job/job-bad --timeout=1s");
      await k.prepare("create -f -", job("job-late", "smoke:nopull", { activeDeadlineSeconds: 3 }));
      await k.until("get pods -l job-name=job-late", /ImagePullBackOff/);
      await k.step("wait --for=condition=failed job/job-late --timeout=30s");
      await k.step("get job job-late -o jsonpath={.status}");
      await k.until("get pods -l job-name=job-late -o name", /^$/);
      await k.step("get events --field-selector involvedObject.kind=Job", { rows: "sorted" });
    },
  },
  {
    name: "jobs in parts and suspended",
    async run(k) {
      const parts = { completions: 3, parallelism: 2, completionMode: "Indexed" };
      await k.prepare("create -f -", job("job-parts", "smoke:v1", parts));
      await k.step("wait --for=condition=complete job/job-parts --timeout=30s");
      await k.step("get job job-parts");
      await k.step("describe job job-parts");
      await k.step("get pods -l job-name=job-parts", { rows: "sorted" });
      await k.prepare("create -f -", job("job-later", "smoke:v1", { suspend: true }));
      await k.until("get job job-later", /Suspended/);
      await k.step("get job job-later");
      await k.step("get job job-later -o jsonpath={.status}");
      await k.step(["patch", "job", "job-later", "-p", '{"spec":{"suspend":false}}']);
      await k.step("wait --for=condition=complete job/job-later --timeout=30s");
      await k.step("get job job-later -o jsonpath={.status.conditions[*].type}");
    },
  },
  {
    name: "cron jobs",
    async run(k) {
      const nightly = ["create", "cronjob", "job-nightly", "--image=smoke:v1", "--schedule=0 3 1 1 *"];
      await k.step([...nightly, "--", "run"]);
      await k.step("get cronjobs");
      await k.step("get cronjob job-nightly -o yaml");
      await k.step("create job job-manual --from=cronjob/job-nightly");
      await k.step("wait --for=condition=complete job/job-manual --timeout=30s");
      await k.step("get job job-manual -o yaml");
      await k.step(["create", "cronjob", "job-odd", "--image=smoke:v1", "--schedule=nightly"]);
      await k.step("delete cronjob job-nightly");
      await k.until("get jobs -o name", /^$/);
      await k.step("get jobs,cronjobs");
    },
  },
  {
    name: "waiting",
    async run(k) {
      await k.step("wait --for=condition=ready pod -l app=web --timeout=1s");
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 2 }));
      await k.until("get pods -l app=web -o name", /pod.*\n.*pod/);
      await k.step("wait --for=condition=ready pod -l app=web --timeout=30s", { rows: "unordered" });
      await k.step("wait --for=condition=available deployment/web --timeout=30s");
      await k.step("wait --for=jsonpath={.status.readyReplicas}=2 deployment/web --timeout=30s");
      await k.step("wait --for=jsonpath={.status.readyReplicas}=9 deployment/web --timeout=1s");
      await k.prepare("delete deployment web --wait=false");
      await k.step("wait --for=delete pod -l app=web --timeout=30s", { rows: "unordered" });
      await k.step("wait --for=delete pod/nothing --timeout=1s");
    },
  },
  {
    name: "quota",
    async run(k) {
      await k.step("create quota compute --hard=pods=3,requests.cpu=2,limits.memory=4Gi,count/jobs.batch=1");
      await k.until("get quota compute -o jsonpath={.status.used.pods}", /0/);
      await k.step("create -f -", { input: pod("first") });
      await k.step("create -f -", {
        input: pod("first", { requests: { cpu: "1500m" }, limits: { memory: "1Gi" } }),
      });
      await k.step("create -f -", {
        input: pod("second", { requests: { cpu: "1500m" }, limits: { memory: "5Gi" } }),
      });
      await k.step("create job job-one --image=smoke:v1");
      await k.step("create job job-two --image=smoke:v1");
      await k.until("get quota compute", /count\/jobs.batch: 1\/1.*pods: 1\/3/);
      await k.step("get quota");
      await k.step("describe quota compute");
      await k.step("get quota compute -o jsonpath={.status}");
      await k.until("get events --field-selector involvedObject.name=job-one", /FailedCreate/);
      await k.step("get job job-one -o jsonpath={.status}");
      await k.prepare("delete quota compute");
      await k.step("wait --for=condition=complete job/job-one --timeout=40s");
    },
  },
  {
    name: "quota and a deployment",
    async run(k) {
      await k.prepare("create quota small --hard=pods=1");
      await k.until("get quota small -o jsonpath={.status.used.pods}", /0/);
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 2 }));
      await k.until("get deployment web", /1\/2/);
      await k.until("get replicasets -o jsonpath={.items[*].status.conditions[*].type}", /ReplicaFailure/);
      await k.step("get deployment web");
      await k.step('get deployment web -o jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].reason}');
      await k.prepare("delete quota small");
      await k.step("wait --for=condition=available deployment/web --timeout=30s");
    },
  },
  {
    name: "limits",
    async run(k) {
      const container = {
        type: "Container",
        default: { cpu: "500m" },
        defaultRequest: { cpu: "100m" },
        max: { cpu: "2" },
        min: { cpu: "50m" },
        maxLimitRequestRatio: { cpu: "10" },
      };
      await k.step("create -f -", {
        input: object("v1", "LimitRange", "bounds", { spec: { limits: [container] } }),
      });
      await k.step("get limits bounds -o yaml");
      await k.step("describe limits bounds");
      await k.step("create -f -", { input: pod("silent") });
      await k.step("get pod silent -o jsonpath={.spec.containers[0].resources}{.metadata.annotations}");
      await k.step("create -f -", { input: pod("greedy", { requests: { cpu: "3" }, limits: { cpu: "3" } }) });
      await k.step("create -f -", {
        input: pod("small", { requests: { cpu: "10m" }, limits: { cpu: "400m" } }),
      });
      await k.step("create -f -", { input: pod("inverted", { requests: { cpu: "1" } }) });
    },
  },
];

function pod(name: string, resources: object = {}): string {
  return object("v1", "Pod", name, { spec: { containers: [{ name: "main", image: "web:v1", resources }] } });
}
