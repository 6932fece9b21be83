import type { Container, Pod } from "../controllers/objects.ts";
import type { ContainerReport, PodReport } from "./pod-status.ts";
import { backOff, waiting } from "./steps.ts";
import type { Steps } from "./steps.ts";

/** An image that nobody has: it is asked for again and again, ever more rarely. */
export function failPull(steps: Steps, pod: Pod, bad: Container, attempt = 0): void {
  const { around, tell, report, later } = steps;
  const { image } = bad;
  const repository = `docker.io/library/${image.split(":")[0]}`;
  const why = `failed to pull and unpack image "${image}": failed to resolve reference "${repository}": not found`;
  tell(pod, "Warning", "Failed", [
    bad,
    `Failed to pull image "${image}": rpc error: code = NotFound desc = ${why}`,
  ]);
  tell(pod, "Warning", "Failed", [bad, "Error: ErrImagePull"]);
  const podIP = pod.status?.podIP ?? around.nextAddress(pod.spec.nodeName!);
  report(pod, { phase: "Pending", podIP, containers: blockedBy(bad, waiting("ErrImagePull", why)) });
  later(around.timing.pullBackOff / 4, () => backOffPull(steps, bad, attempt));
}

function backOffPull(steps: Steps, bad: Container, attempt: number): void {
  const { around, present, tell, report, later } = steps;
  const pod = present();
  if (!pod) return;
  const message = `Back-off pulling image "${bad.image}"`;
  tell(pod, "Normal", "BackOff", [bad, message]);
  tell(pod, "Warning", "Failed", [bad, "Error: ImagePullBackOff"]);
  report(pod, { phase: "Pending", containers: blockedBy(bad, waiting("ImagePullBackOff", message)) });
  later(backOff(around.timing.pullBackOff, attempt), () => {
    const again = present();
    if (!again) return;
    tell(again, "Normal", "Pulling", [bad, `Pulling image "${bad.image}"`]);
    failPull(steps, again, bad, attempt + 1);
  });
}

function blockedBy(bad: Container, said: ContainerReport): PodReport["containers"] {
  return ({ name }) => (name === bad.name ? said : waiting("ContainerCreating"));
}
