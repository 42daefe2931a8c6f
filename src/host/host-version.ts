/** Version of the host, which the manifests of plugins may ask for. A test compares it with `package.json`. */
export const HOST_VERSION = '0.1.0';
