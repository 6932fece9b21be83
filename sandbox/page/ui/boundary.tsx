import { Component, type ReactNode } from "react";

interface BoundaryProps {
  /** What failed, as the start of a sentence. */
  what: string;
  children: ReactNode;
}

/** Keeps one thing that cannot be drawn from taking the page down. React has no such hook for functions. */
export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <p className="block-unknown" role="alert">
        {this.props.what} could not be shown: {this.state.error.message}
      </p>
    );
  }
}
