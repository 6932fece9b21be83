import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";

/** One request's answer and how long it took, in ms. */
interface Timed {
  status: number;
  ms: number;
}

export interface Target {
  url: string;
  /** A fresh request each time: a signature and an id of its own. */
  make: () => { headers: Record<string, string>; body: string };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function once({ url, make }: Target): Promise<Timed> {
  const { headers, body } = make();
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const req = request(
      url,
      { method: "POST", agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
      (res) => {
        res
          .resume()
          .once("end", () => resolve({ status: res.statusCode ?? 0, ms: performance.now() - began }));
      },
    );
    req.once("error", reject).end(body);
  });
}

/** `count` requests at the same moment. Throws when one is not answered with 2xx. */
export async function burst(target: Target, count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => once(target)));
  const refused = answers.find(({ status }) => status >= 300);
  if (refused) throw new Error(`${target.url} answered ${refused.status}`);
  return answers.map(({ ms }) => ms);
}

/** Requests a second over `count` requests, `width` of them at a time. */
export async function throughput(
  target: Target,
  { count, width }: { count: number; width: number },
): Promise<number> {
  let left = count;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { status } = await once(target);
      if (status >= 300) throw new Error(`${target.url} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return (count / (performance.now() - began)) * 1000;
}

/** A slash command as Slack signs it. */
export function slashCommand(
  url: string,
  { secret, text, team }: { secret: string; text: string; team: string },
): Target {
  let number = 0;
  return {
    url,
    make() {
      const body = new URLSearchParams({
        command: "/crai",
        text,
        team_id: team,
        channel_id: "C0GENERAL",
        channel_name: "general",
        user_id: "U0ROBIN",
        user_name: "robin",
        api_app_id: "A0CRAI",
        trigger_id: `bench.${Date.now()}.${number++}.${Math.random().toString(36).slice(2)}`,
        response_url: "http://127.0.0.1:9/unused",
      }).toString();
      const at = String(Math.floor(Date.now() / 1000));
      const signature = `v0=${createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex")}`;
      return {
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-slack-request-timestamp": at,
          "x-slack-signature": signature,
        },
        body,
      };
    },
  };
}
