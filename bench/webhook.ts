import { alertmanagerToken } from "../sandbox/seed.ts";
import { against, type Figure, median } from "./figures.ts";
import { type Target, throughput } from "./load.ts";
import type { World } from "./world.ts";

const ROUNDS = 5;

/** An alert as Alertmanager sends it, of an app nobody keeps, so that the answer alone is measured. */
function alert(url: string, token: string): Target {
  let number = 0;
  return {
    url,
    make: () => ({
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({
        version: "4",
        groupKey: "{}:{}",
        status: "firing",
        receiver: "crai",
        alerts: [
          {
            status: "firing",
            labels: { alertname: "Bench", severity: "info", number: String(number) },
            annotations: { summary: "bench" },
            startsAt: "2026-01-01T00:00:00Z",
            endsAt: "0001-01-01T00:00:00Z",
            generatorURL: "",
            fingerprint: `bench-${number++}`,
          },
        ],
      }),
    }),
  };
}

/** Alert webhook to a durable 202, against a bare server that does one INSERT. */
export async function webhookToStored(world: World): Promise<Figure[]> {
  const floor = await world.floor("bare-http");
  const [, port] = await floor.waitFor(/listening on (\d+)/);
  const crai = await world.crai();
  const targets = {
    crai: alert(`${crai.url}/webhooks/alertmanager`, alertmanagerToken),
    floor: alert(`http://127.0.0.1:${port}/`, alertmanagerToken),
  };
  const rates = { crai: [] as number[], floor: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const who of ["floor", "crai"] as const) {
      const rate = await throughput(targets[who], { count: 400, width: 16 });
      if (round > 0) rates[who].push(rate);
    }
  }
  await crai.process.kill();
  await floor.kill();
  return [
    against(median(rates.floor), 0.5, {
      name: "alert webhook to durable 202, throughput",
      value: median(rates.crai),
      unit: "perSecond",
      atLeast: true,
    }),
  ];
}
