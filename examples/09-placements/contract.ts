/** What the plugin's operation `whereabouts` answers. */
export interface Whereabouts {
  readonly pid: number;
  readonly isMainThread: boolean;
}
