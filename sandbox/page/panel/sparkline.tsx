const width = 136;
const height = 36;

interface SparklineProps {
  label: string;
  value: string;
  /** null: no reading, drawn as a gap. */
  points: (number | null)[];
  /** The least value the top of the drawing stands for, so that noise near zero stays small. */
  top: number;
  isBad: boolean;
}

export function Sparkline({ label, value, points, top, isBad }: SparklineProps) {
  const highest = Math.max(top, ...points.map((point) => point ?? 0));
  const step = width / Math.max(points.length - 1, 1);
  const path = points
    .map((point, index) => {
      if (point === null) return "";
      const pen = index === 0 || points[index - 1] === null ? "M" : "L";
      return `${pen}${(index * step).toFixed(1)} ${(height - 2 - (point / highest) * (height - 4)).toFixed(1)}`;
    })
    .join("");
  return (
    <figure className={`sparkline ${isBad ? "sparkline-bad" : ""}`}>
      <figcaption>
        <span>{label}</span>
        <strong>{value}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${value}`}
      >
        <path d={path} />
      </svg>
    </figure>
  );
}
