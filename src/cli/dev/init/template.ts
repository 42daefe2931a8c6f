/** What a template is filled in with. */
export interface TemplateValues {
  /** Name of the plugin; fits the manifest. */
  readonly name: string;
  /** Version of this package. */
  readonly version: string;
}

/** A plugin to begin with. */
export interface Template {
  /** For messages. */
  readonly language: string;
  /** What has to be run in the directory once, before the first build. Default: nothing. */
  readonly first?: string;
  /** Contents by the paths of the files. */
  readonly files: (values: TemplateValues) => Readonly<Record<string, string>>;
}
