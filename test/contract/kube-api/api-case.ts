/** One HTTP request whose answer must be the same on the practice cluster and on a control plane. */
export interface ApiCase {
  name: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Compare who manages which field, too, though the object is not new. */
  managers?: boolean;
}
