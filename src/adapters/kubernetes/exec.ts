import { z } from "zod";
import { ClusterUnreachable } from "../../domain/errors.ts";
import type { ExecResult } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import type { Call } from "./resource-path.ts";

/** The newest first; v5 can close standard input, which v4 cannot. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

/** What came out of a program is cut after so many bytes of each stream. */
const mostBytes = 1_000_000;

/** The Status object on the third channel: how the program ended. */
const Ended = z.object({
  status: z.string(),
  message: z.string().default(""),
  details: z
    .object({
      causes: z.array(z.object({ reason: z.string().default(""), message: z.string().default("") })),
    })
    .optional(),
});

function codeOf({ status, details }: z.infer<typeof Ended>): number | null {
  if (status === "Success") return 0;
  const exit = details?.causes.find(({ reason }) => reason === "ExitCode");
  return exit === undefined ? null : Number(exit.message);
}

/** kubectl's `exec` without a terminal. The process in the container may go on when the deadline ends this. */
export async function exec(
  api: Api,
  { namespace, name, container }: { namespace: string; name: string; container?: string },
  command: readonly string[],
  { timeoutMs, stdin }: { timeoutMs: number; stdin?: string },
): Promise<ExecResult> {
  const call: Call = { verb: "get", group: "", resource: "pods", subresource: "exec", namespace, name };
  const query = new URLSearchParams({ stdout: "true", stderr: "true" });
  if (stdin !== undefined) query.set("stdin", "true");
  if (container !== undefined) query.set("container", container);
  for (const word of command) query.append("command", word);
  const socket = await api.socket(call, query, protocols);

  const output = { [channel.stdout]: [] as Buffer[], [channel.stderr]: [] as Buffer[] };
  const left = { [channel.stdout]: mostBytes, [channel.stderr]: mostBytes };
  let ended: z.infer<typeof Ended> | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    reject(new ClusterUnreachable(`${command[0] ?? "The command"} in ${name} did not end in time`));
    socket.terminate();
  }, timeoutMs);
  socket.on("message", (data: Buffer) => {
    const [number] = data;
    const content = data.subarray(1);
    if (number === channel.stdout || number === channel.stderr) {
      output[number].push(content.subarray(0, left[number]));
      left[number] = Math.max(0, left[number] - content.length);
    } else if (number === channel.status) {
      try {
        ended = Ended.parse(JSON.parse(content.toString("utf8")));
      } catch (error) {
        reject(error);
        socket.terminate();
      }
    }
  });
  socket.on("error", reject);
  // Without the status that stands at its end, nobody knows what came of the command: it may go on, or have ended well.
  socket.once("close", () =>
    ended === undefined
      ? reject(
          new ClusterUnreachable(`The connection to ${name} ended before ${command[0] ?? "the command"} did`),
        )
      : resolve(),
  );
  socket.resume();
  try {
    if (stdin !== undefined) {
      socket.send(Buffer.concat([Buffer.of(channel.stdin), Buffer.from(stdin, "utf8")]));
      if (socket.protocol === protocols[0]) socket.send(Buffer.of(channel.close, channel.stdin));
    }
    await promise;
  } catch (cause) {
    if (cause instanceof ClusterUnreachable) throw cause;
    throw new ClusterUnreachable(`The connection to ${name} broke`, { cause });
  } finally {
    clearTimeout(timer);
  }
  const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");
  const stderr = text(output[channel.stderr]);
  const code = ended === undefined ? null : codeOf(ended);
  return {
    code,
    stdout: text(output[channel.stdout]),
    // What could not even be started says so only here.
    stderr: code === null && ended !== undefined ? `${stderr}${ended.message}` : stderr,
  };
}
