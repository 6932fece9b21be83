import { useState } from "react";
import type { AppRelease, ReleaseKind } from "../../panel/panel-api.ts";
import { usePanel } from "./panel-context.tsx";
import { PanelSection } from "./panel-section.tsx";

const kinds: { kind: ReleaseKind; label: string; effect: string }[] = [
  { kind: "errors", label: "Errors", effect: "starts, then answers many requests with 500" },
  { kind: "slow", label: "Slow", effect: "starts, then takes seconds to answer" },
  { kind: "crash", label: "Crash", effect: "never becomes ready; the old pods stay" },
  { kind: "oom", label: "Memory", effect: "starts, serves, and is killed for its memory again and again" },
  { kind: "nopull", label: "No image", effect: "its image cannot be pulled" },
  { kind: "good", label: "Good", effect: "the next healthy version" },
];

/** Ships a release of any app; what it does is in its image tag. */
export function ReleaseSection({ releases }: { releases: AppRelease[] }) {
  const { send } = usePanel();
  const [app, setApp] = useState<string | null>(null);
  const [kind, setKind] = useState<ReleaseKind>("errors");
  const [shipping, setShipping] = useState(false);
  const release = releases.find((other) => other.app === app) ?? releases[0];
  if (!release) return null;
  const isGood = kind === "good";

  async function ship(name: string): Promise<void> {
    setShipping(true);
    await send({ command: "ship-release", kind, app: name });
    setShipping(false);
  }

  return (
    <PanelSection title="Release">
      <div className="release-now">
        <select
          className="select"
          aria-label="App"
          value={release.app}
          onChange={(event) => setApp(event.target.value)}
        >
          {releases.map((other) => (
            <option key={other.app} value={other.app}>
              {other.app}
            </option>
          ))}
        </select>
        <code className={`tag ${release.kind === "good" ? "tag-good" : "tag-bad"}`}>{release.tag}</code>
        <span>
          {release.ready}/{release.desired} ready
        </span>
      </div>
      <fieldset className="segments">
        <legend className="hidden">Kind of release</legend>
        {kinds.map((other) => (
          <label key={other.kind} className={other.kind === kind ? "segment segment-on" : "segment"}>
            <input
              type="radio"
              name="release-kind"
              className="hidden"
              checked={other.kind === kind}
              onChange={() => setKind(other.kind)}
            />
            {other.label}
          </label>
        ))}
      </fieldset>
      <p className="panel-note">
        It {kinds.find((other) => other.kind === kind)?.effect.replace(/^the/, "is the")}.
      </p>
      <button
        type="button"
        className={`button button-wide ${isGood ? "button-primary" : "button-danger"}`}
        disabled={shipping}
        aria-busy={shipping}
        onClick={() => void ship(release.app)}
      >
        {isGood ? "Ship a good release" : "Ship a bad release"}
      </button>
    </PanelSection>
  );
}
