import { against, atMost, type Figure, median } from "./figures.ts";
import { residentMemory, type World } from "./world.ts";

const STARTS = 5;

/** Ready on data that is there, and memory when nothing happens, against a process that only loads the same SDKs. */
export async function startAndRest(world: World): Promise<Figure[]> {
  const times: number[] = [];
  const memory: number[] = [];
  // With its own PostgreSQL, as `npm start` has it; the first start makes the folder and does not count.
  const env = { DATABASE_URL: "", CRAI_DATA_DIR: `${world.folder}/own` };
  for (let start = 0; start <= STARTS; start++) {
    const began = performance.now();
    const crai = await world.crai({ env });
    if (start > 0) times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    if (start > 0) memory.push(residentMemory(crai.process.pid));
    crai.process.signal("SIGTERM");
    await crai.process.exited;
  }
  const floor = await world.floor("bare-imports");
  await floor.waitFor(/loaded/);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const bare = residentMemory(floor.pid);
  await floor.kill();
  return [
    atMost(2500, { name: "ready on an existing data folder", value: median(times), unit: "ms" }),
    against(bare, 1.3, { name: "memory at rest", value: median(memory), unit: "MB" }),
  ];
}
