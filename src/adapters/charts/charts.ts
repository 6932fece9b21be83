import { fileURLToPath } from "node:url";
import type { Chart } from "../../domain/chart.ts";
import type { Charts } from "../../engine/ports.ts";
import { chartSpec } from "./spec.ts";

/** A font of our own: a container has none, and the same chart must give the same picture everywhere. */
const fonts = [
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
].map((url) => fileURLToPath(url));

/** Pixels for each of the picture's units: sharp on the screens people have. */
const SCALE = 2;

async function toSvg(chart: Chart): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const view = new View(parse(compile(chartSpec(chart)).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Draws charts without a browser. What draws is loaded with the first one: most crais never draw any. */
export function createCharts(): Charts {
  return {
    async png(chart) {
      const [svg, { Resvg }] = await Promise.all([toSvg(chart), import("@resvg/resvg-js")]);
      const picture = new Resvg(svg, {
        fitTo: { mode: "zoom", value: SCALE },
        font: { fontFiles: fonts, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
      });
      return picture.render().asPng();
    },
  };
}
