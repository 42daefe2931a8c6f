/** Version of the package, told to hosts for diagnosis. A test compares it with `package.json`. */
export const SDK_VERSION = '0.1.0';
