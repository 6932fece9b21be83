/** A difference between the practice cluster and the recorded control plane that stays, and why. */
export interface Difference {
  what: string;
  why: string;
  /** Takes it out of what a command printed, on both sides; without it the suite does not touch on it. */
  apply?: (text: string, command: string) => string;
}

function withoutLines(pattern: RegExp): NonNullable<Difference["apply"]> {
  return (text) =>
    text
      .split("\n")
      .filter((line) => !pattern.test(line))
      .join("\n");
}

export const differences: Difference[] = [
  {
    what: "a refused patch quotes the whole patched object",
    why: "it quotes all of the object's passing state, which no two runs share; what is wrong with it follows",
    apply: (text) => text.replace(/(patch: Invalid value: )"\{.*\}":/g, '$1"<object>":'),
  },
  {
    what: "where a body that is no JSON goes wrong is said in the words of Go's parser",
    why: "our parser is another; that it is refused, and with which code, is compared",
    apply: (text) => text.replace(/(\(BadRequest\): ).*(?:invalid character|JSON).*/g, "$1<syntax error>"),
  },
  {
    what: "anybody may read /.well-known, and pods mount openshift-service-ca.crt",
    why: "the recorded control plane was built from a distribution's fork, which adds them; Kubernetes does not",
    apply: (text, command) =>
      withoutLines(/\/\.well-known|ConfigMapName: +openshift|ConfigMapOptional: +<nil>/)(
        text,
        command,
      ).replace(
        /^ +- configMap:\n +items:\n +- key: service-ca.crt\n.*\n +name: openshift-service-ca.crt\n/m,
        "",
      ),
  },
  {
    what: "a pod's conditions, status fields and kubelet events",
    why: "no real kubelet ran in the recording: its stand-in writes no events, and fewer conditions than a kubelet",
    apply: (text, command) => {
      if (!/\bpods?\b/.test(command)) return text;
      const described = withoutLines(
        / kubelet +|^ +(PodReadyToStartContainers|Initialized|Ready|ContainersReady|PodScheduled) +True/,
      );
      return described(text, command).replace(/^status:\n[^]*$/m, "");
    },
  },
  {
    what: "what a container logs",
    why: "both clusters make it up; that there is a log, and every refusal, is compared",
    apply: (text, command) =>
      / logs /.test(command) && !/^(error|Error)/.test(text) && text ? "<log>" : text,
  },
  {
    what: "unknown fields in what is written are kept instead of refused, and `kubectl explain` knows no fields",
    why: "the OpenAPI document has open schemas: those of Kubernetes are megabytes, and templates must keep every field",
  },
  {
    what: "`kubectl create service|ingress|…` and `kubectl autoscale` are refused as an unknown format",
    why: "kubectl sends these as protobuf only; manifests, and the kinds people create by flags here, work",
  },
  {
    what: "`kubectl exec` runs a small table of commands, as if containerd said which are missing",
    why: "the recorded control plane had no containers to enter: of it only the API server's refusals are compared",
  },
  {
    what: "`kubectl port-forward` and `attach`",
    why: "there is no container behind a pod; a control plane without real nodes refuses them, too",
  },
];
