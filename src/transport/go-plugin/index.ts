// What the plugin's side of the wire is made of, and nothing that only a host needs: the SDK imports it, and a plugin
// process loads it before its first answer.

export { brokerService } from './broker-stream.ts';
export { certificateFromPem, createCertificate } from './certificate.ts';
export type { Certificate } from './certificate.ts';
export { createConnectionBroker } from './connection-broker.ts';
export type { ConnectionBrokerOptions } from './connection-broker.ts';
export { controllerService } from './controller.ts';
export { channelMaterial } from './credentials.ts';
export { DEFAULT_HANDSHAKE } from './default-handshake.ts';
export { HANDSHAKE_VARIABLES, NETWORK_VARIABLE, readHandshakeEnvironment } from './handshake-environment.ts';
export type { HandshakeRequest, MagicCookie } from './handshake-environment.ts';
export { formatHandshakeLine } from './handshake-line.ts';
export { formatLogLine } from './hclog.ts';
export { healthService } from './health.ts';
export { cutText, plainFields } from './log-fields.ts';
export type { ReattachConfig } from './reattach.ts';
export { stdioService } from './stdio.ts';
export { chooseVersion } from './version-negotiation.ts';
