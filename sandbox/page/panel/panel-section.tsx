import type { ReactNode } from "react";

/** One group of controls; `aside` stands at the right of its title. */
export function PanelSection({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="panel-section" aria-label={title}>
      <h3>
        {title}
        {aside && <span className="panel-aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}
