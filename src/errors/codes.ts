// The single table of error codes. `docs/errors.md` is generated from it.
//
// Codes are stable under semantic versioning: callers branch on them, never on text.

/** What the runtime knows about one error code. */
export interface CodeInfo {
  /** Numeric gRPC status that the error has on the wire. */
  readonly grpc: number;
  /** Whether the same call may succeed when it is made again, unchanged, a little later. */
  readonly retryable: boolean;
  /** One line for the documentation. */
  readonly meaning: string;
}

const info = (grpc: number, retryable: boolean, meaning: string): CodeInfo => ({ grpc, retryable, meaning });

/** Every code of the package, with its gRPC status, whether a retry can help, and what it means. */
export const CODES = {
  // gRPC's own statuses, under their own names.
  CANCELLED: info(1, false, 'the caller gave the call up'),
  UNKNOWN: info(2, false, 'the other side failed without saying how'),
  INVALID_ARGUMENT: info(3, false, 'the other side refused the request as malformed'),
  DEADLINE_EXCEEDED: info(4, true, 'no answer came within the deadline'),
  NOT_FOUND: info(5, false, 'the thing that was asked for does not exist'),
  ALREADY_EXISTS: info(6, false, 'the thing to be made exists already'),
  PERMISSION_DENIED: info(7, false, 'the caller may not do this'),
  RESOURCE_EXHAUSTED: info(8, true, 'a limit of the other side is reached'),
  FAILED_PRECONDITION: info(9, false, 'the other side is not in a state in which this is possible'),
  ABORTED: info(10, true, 'the call lost against a concurrent one'),
  OUT_OF_RANGE: info(11, false, 'the request reaches past a valid range'),
  UNIMPLEMENTED: info(12, false, 'the other side does not offer this method'),
  INTERNAL: info(13, false, 'an invariant is broken; this is a defect'),
  UNAVAILABLE: info(14, true, 'the other side cannot be reached'),
  DATA_LOSS: info(15, false, 'data is lost or damaged'),
  UNAUTHENTICATED: info(16, false, 'the caller did not prove who it is'),

  // What callers give us.
  INVALID_OPTIONS: info(3, false, 'an option has a value that cannot be used; the message names the option'),
  UNSUPPORTED_RUNTIME: info(9, false, 'this version of Node.js is older than the package supports'),
  UNSUPPORTED_PLATFORM: info(12, false, 'this operating system cannot do what was asked for'),
  CONFIG_NOT_FOUND: info(5, false, 'the configuration file does not exist or cannot be read'),
  CONFIG_SYNTAX: info(3, false, 'the configuration file is not valid YAML'),
  CONFIG_INVALID: info(
    3,
    false,
    'the configuration file has values that cannot be used; all are listed with their paths',
  ),

  // Manifests of plugins, and the start of plugins by them.
  MANIFEST_NOT_FOUND: info(5, false, "the plugin's manifest does not exist or cannot be read"),
  MANIFEST_INVALID: info(3, false, "the plugin's manifest cannot be used; all problems are listed with their paths"),
  HOST_VERSION_UNSUPPORTED: info(9, false, 'the plugin is made for another version of the host'),
  PLUGIN_CONFIG_INVALID: info(3, false, "the configuration does not fit the fields that the plugin's manifest names"),
  START_ABORTED: info(
    10,
    false,
    'the plugin was not started, or stopped again, as one without which nothing works failed',
  ),
  PLUGIN_UNKNOWN: info(5, false, 'there is no plugin of this name'),
  KIND_MISSING: info(12, false, 'the plugin does not contribute what was asked for'),
  OPERATION_FAILED: info(13, false, 'an operation of the plugin failed; the details have its own code'),
  STEP_FAILED: info(13, false, 'a step of the plugin failed; the details have its own code'),
  PLACEMENT_UNSUPPORTED: info(12, false, 'the host cannot run the plugin where its manifest wants it'),

  // The lifecycle of plugins.
  INVALID_TRANSITION: info(9, false, 'the plugin is not in a state in which the operation can be done'),
  PLUGIN_ELSEWHERE: info(10, true, 'another host on the same store runs the plugin, or is working on it'),
  LEASE_LOST: info(10, true, 'the host lost the right to the plugin in the middle of an operation, and let go of it'),
  ROW_CHANGED: info(10, true, 'somebody else changed the row of the plugin in the middle of an operation'),
  OPERATION_INTERRUPTED: info(10, true, 'the host ended in the middle of an operation'),
  REMOVAL_INTERRUPTED: info(10, true, 'the host ended while it removed a plugin and its data; it will be gone on with'),
  OPERATION_TIMED_OUT: info(4, true, 'a step of an operation took longer than the lifecycle allows'),
  ROLLBACK_UNAVAILABLE: info(5, false, 'no version is kept that the plugin could go back to'),
  PROBATION_FAILED: info(9, false, 'a new version failed soon after it took over; the one before serves again'),
  CONSENT_UNKNOWN: info(3, false, 'consent was given to permissions that nothing waits for'),
  CONSENT_OUTDATED: info(9, false, 'consent was given to a version, and another one waits by now'),

  // What plugins need of each other, and what they may do.
  DEPENDENCY_MISSING: info(9, false, 'the plugin needs another one that is not there'),
  DEPENDENCY_INACTIVE: info(9, false, 'the plugin needs another one that is not active'),
  DEPENDENCY_INCOMPATIBLE: info(9, false, 'the plugin needs another version of a plugin than the one that is there'),
  DEPENDENCY_CYCLE: info(9, false, 'plugins need each other, so that none of them can be the first'),
  DEPENDENTS_ACTIVE: info(9, false, 'other active plugins need the plugin'),
  CAPABILITY_UNKNOWN: info(9, false, 'the plugin asks for capabilities that the host does not have; all are named'),
  CONSENT_REQUIRED: info(9, false, 'the plugin gets sensitive permissions that nobody has consented to; all are named'),

  // The audit.
  AUDIT_KEY_INVALID: info(3, false, 'the key of the audit is too short, or cannot be read'),
  AUDIT_SINK_FAILED: info(14, true, 'a sink of the audit did not take entries; they are given to it again'),

  // Bundles of plugins, and the store of what was installed.
  BUNDLE_NOT_FOUND: info(5, false, 'there is nothing at the path of a bundle, or it cannot be read'),
  BUNDLE_INVALID: info(3, false, 'what is given is no bundle, or one that contradicts itself'),
  BUNDLE_ENTRY_REFUSED: info(3, false, 'a bundle holds an entry that no bundle may hold; the message names it'),
  BUNDLE_LIMIT_EXCEEDED: info(8, false, 'a bundle is larger than a limit of the host; the message names both'),
  BUNDLE_CORRUPT: info(15, false, 'a file of a bundle is not the one that its record describes'),
  BUNDLE_CHANGED: info(10, true, 'a directory changed while it was read'),
  BUNDLE_RUNTIME_UNSUPPORTED: info(9, false, 'a bundle is made for another version of Node.js'),
  BUNDLE_OUTPUT_REFUSED: info(6, false, 'a file to be written is there already, or cannot be written'),
  BUNDLE_UNKNOWN: info(5, false, 'the store holds no artifact of this digest'),
  BUNDLE_STORE_FAILED: info(14, true, 'the store of artifacts cannot be used: read, written, or kept from others'),
  BUNDLE_LOCK_INVALID: info(15, false, 'the lock file cannot be read, or is none'),
  BUNDLE_LOCK_MISMATCH: info(9, false, 'a plugin is not the one that the lock file names'),
  SIGNATURE_MISSING: info(16, false, 'the policy requires a signature, and there is none'),
  SIGNATURE_UNTRUSTED: info(16, false, 'no signature is by a key that the host trusts'),
  SIGNATURE_INVALID: info(16, false, 'a signature does not fit what it stands for, or cannot be read'),
  SIGNATURE_KEY_EXPIRED: info(16, false, 'the key of the signature is not valid at this time'),
  SIGNATURE_KEY_REVOKED: info(16, false, 'the key of the signature was revoked'),
  SIGNATURE_KEY_INVALID: info(3, false, 'a file holds no Ed25519 key of the wanted kind, or cannot be read'),
  SIGNATURE_TRUST_INVALID: info(3, false, 'the file of trusted keys cannot be read; all problems are listed'),
  DOWNGRADE_REFUSED: info(9, false, 'a higher version of the plugin was installed before'),
  DOWNLOAD_URL_INVALID: info(3, false, 'an address to download from is none, or holds a password'),
  DOWNLOAD_ADDRESS_REFUSED: info(7, false, 'a download leads to an address that is not public'),
  DOWNLOAD_REDIRECT_REFUSED: info(7, false, 'a download is redirected too often, without encryption, or to no address'),
  DOWNLOAD_FAILED: info(14, true, 'a download failed: no connection, or an answer that is no success'),
  DOWNLOAD_TIMED_OUT: info(4, true, 'a download took too long'),
  DOWNLOAD_TOO_LARGE: info(8, false, 'a download has more bytes than an archive may have'),

  // The development loop.
  PROJECT_UNKNOWN: info(5, false, 'the directory holds nothing that a toolchain is known for'),
  PROJECT_AMBIGUOUS: info(3, false, 'the directory holds what several toolchains are for; an option has to say which'),
  TOOLCHAIN_MISSING: info(9, false, 'the program that builds the plugin is not installed'),
  TOOLCHAIN_FAILED: info(9, false, 'the program that builds the plugin failed; it has said why'),
  BUILD_ARTIFACT_UNCLEAR: info(9, false, 'the build made no artifact, or several where one is expected'),
  UPLOAD_REFUSED: info(9, false, 'the host did not take the plugin; the message has its answer'),
  UPLOAD_MALFORMED: info(3, false, 'what was uploaded is not a form with the parts of a plugin'),
  UPLOAD_TOO_LARGE: info(8, false, 'a part of what was uploaded is larger than the host takes'),
  PLACEMENT_UNAVAILABLE: info(12, false, 'the host cannot run plugins of this form yet'),
  CONFORMANCE_FAILED: info(9, false, 'the plugin does not do what its host relies on; each finding is listed'),

  // Building a plugin.
  BUILD_ENTRY_NOT_FOUND: info(5, false, 'the file to be built does not exist'),
  BUILD_SOURCE_INVALID: info(3, false, 'the sources cannot be bundled; all problems are listed with file and line'),
  BUILD_TOOL_MISSING: info(9, false, 'esbuild, which the build needs, is not installed'),
  BUILD_OUTPUT_REFUSED: info(
    6,
    false,
    'the output directory holds something else than a former build, or cannot be written',
  ),
  BUILD_TRIAL_FAILED: info(9, false, 'what was built does not start as a plugin'),
  BUILD_CACHE_MISSING: info(9, true, 'what was built starts as a plugin, but left no compiled code when it was tried'),

  // Starting a plugin process.
  COMMAND_NOT_FOUND: info(5, false, "the plugin's command does not exist"),
  COMMAND_NOT_EXECUTABLE: info(7, false, "the plugin's command exists but may not be executed"),
  MODULE_NOT_FOUND: info(5, false, "the plugin's module does not exist or cannot be read"),
  SPAWN_FAILED: info(13, true, 'the operating system could not start the process'),
  SOCKET_PATH_TOO_LONG: info(9, false, 'the path of a unix socket exceeds what the operating system allows'),
  PLUGIN_EXITED_EARLY: info(14, true, 'the process ended before it was ready'),
  MAGIC_COOKIE_MISMATCH: info(9, false, 'the plugin does not accept the magic cookie of this host'),
  CHECKSUM_MISMATCH: info(9, false, "the files of the plugin's directory are not those that were pinned"),
  CHECKSUM_INVALID: info(
    9,
    false,
    "the plugin's directory cannot be pinned (a link leads out of it, it is too large, …), or the store not be used",
  ),

  REATTACH_STALE: info(9, false, 'the process to reattach to is gone, or does not listen where it should'),

  // The handshake line.
  HANDSHAKE_TIMEOUT: info(4, true, 'the plugin was not ready within the start timeout'),
  HANDSHAKE_EMPTY_LINE: info(9, false, "the first line of the plugin's output is empty"),
  HANDSHAKE_LINE_TOO_LONG: info(9, false, "the first line of the plugin's output is longer than 64 KiB"),
  HANDSHAKE_MALFORMED: info(9, false, "the first line of the plugin's output is not a handshake line"),
  CORE_VERSION_UNSUPPORTED: info(9, false, "the plugin speaks another version of go-plugin's core protocol"),
  APP_VERSION_UNSUPPORTED: info(9, false, 'host and plugin have no application protocol version in common'),
  NETWORK_UNSUPPORTED: info(9, false, 'the plugin listens on a network that is neither unix nor tcp'),
  ADDRESS_INVALID: info(9, false, 'the plugin announced an address that cannot be dialled'),
  PROTOCOL_UNSUPPORTED: info(9, false, 'the plugin speaks a wire protocol other than gRPC'),
  MULTIPLEX_UNSUPPORTED: info(12, false, 'the peer wants connections multiplexed over one socket'),
  CERTIFICATE_MISSING: info(16, false, 'mutual TLS is on and the peer gave no certificate'),
  CERTIFICATE_MALFORMED: info(16, false, 'the certificate of the peer cannot be read'),
  CERTIFICATE_UNEXPECTED: info(9, false, 'the host runs without TLS and the plugin insists on it'),

  // Talking to a plugin.
  CONNECT_FAILED: info(14, true, "the plugin's socket could not be connected"),
  PROBE_FAILED: info(14, true, 'the plugin is connected and does not report that it serves'),
  INIT_FAILED: info(9, false, 'the plugin refused its configuration'),
  PLUGIN_UNAVAILABLE: info(14, true, 'the plugin is not ready; it may be restarting'),
  PLUGIN_CRASHED: info(14, true, 'the process ended without being asked to'),
  PLUGIN_MEMORY_LIMIT: info(8, true, 'the plugin needed more memory than its worker thread may use and was ended'),
  PLUGIN_UNRESPONSIVE: info(14, true, 'the process missed too many health checks and was ended'),
  PLUGIN_STOPPED: info(9, false, 'the plugin was stopped and will not come back'),
  PLUGIN_QUARANTINED: info(9, false, 'the plugin crashed too often and is not restarted until it is reset'),
  REPLACEMENT_UNDER_WAY: info(9, false, 'another version of the plugin is being put in its place already'),
  REPLACEMENT_REFUSED: info(
    9,
    false,
    'the replacement is not in a phase in which this is possible; the message names it',
  ),
  STANDBY_LOST: info(9, false, 'the version that worked before has ended, so that it cannot be taken back'),
  KILL_TIMED_OUT: info(13, false, 'the process did not end even by force'),
  OUTPUT_DROPPED: info(8, false, 'the plugin wrote more output than the host keeps; the rest was dropped'),
  LOG_LINE_MALFORMED: info(3, false, 'a line of the plugin looks like a structured log entry and is not one'),

  // Serving.
  LISTEN_FAILED: info(14, true, 'the socket to serve on could not be opened'),

  // Brokered connections.
  BROKER_TIMEOUT: info(4, false, 'the peer announced no listener for the id in time'),
  BROKER_CLOSED: info(14, false, 'the connection broker is closed'),
  BROKER_ID_IN_USE: info(6, false, 'this side already listens for the broker id'),

  // Running a host on a data directory, and managing it.
  DATA_DIRECTORY_INVALID: info(9, false, 'the data directory belongs to somebody else, is open to others, or is none'),
  SECRET_FILE_INVALID: info(9, false, 'a file with a key or a token can be read by others, or does not hold one'),
  HOST_RUNNING: info(6, false, 'another host runs on the data directory, or listens on the socket'),
  HOST_NOT_RUNNING: info(14, true, 'no host runs on the data directory'),
  ADMIN_SOCKET_UNSAFE: info(
    7,
    false,
    'the socket of the admin service, or its directory, is not that of this user alone',
  ),
  RELOAD_FAILED: info(9, false, 'the configuration was not read again; what held before still holds'),

  // Hosts and actors.
  HOST_STOPPED: info(9, false, 'the host was stopped'),
  NAME_TAKEN: info(6, false, 'the name is in use'),
  SYSTEM_STOPPED: info(9, false, 'the actor system was stopped'),
  ACTOR_FAILED: info(13, false, "an actor's behaviour threw an error"),
  ACTOR_STOPPED: info(9, false, 'the actor has ended, or is ending, and takes no messages'),
  MAILBOX_FULL: info(8, true, "the actor's mailbox has no room for the message"),
  MESSAGE_RESERVED: info(3, false, 'only the system sends messages whose type begins with "actor." or "xstate."'),
  MESSAGE_INVALID: info(3, false, 'a message is not an object with a type'),
  RESTART_LIMIT: info(13, false, 'an actor failed more often than its supervision allows'),
  PEER_MISSING: info(9, false, 'an optional package that this needs is not installed'),
  ACTION_OUTSIDE_SYSTEM: info(9, false, 'a system action ran in an actor that no system spawned'),

  // Events.
  PATTERN_INVALID: info(3, false, 'a pattern for event types has an empty segment, a space, or a misplaced wildcard'),
  EVENT_INVALID: info(3, false, 'what was to be published is no event: not an object, or it cannot be read'),
  EVENT_TYPE_INVALID: info(3, false, 'the type of an event is empty, too long, or no segments with dots between them'),
  SUBJECT_INVALID: info(3, false, 'the subject of an event is no string, or too long'),
  CONTENT_TYPE_INVALID: info(3, false, 'the content type of an event is no string, or too long'),
  METADATA_INVALID: info(3, false, 'the metadata of an event is not strings by name, or too large'),
  EVENT_TIME_INVALID: info(3, false, 'the time of an event is no number of milliseconds since 1970'),
  PAYLOAD_INVALID: info(3, false, 'the payload of an event is not what its content type says, or JSON cannot hold it'),
  PAYLOAD_TOO_LARGE: info(3, false, 'the payload of an event has more bytes than the bus takes'),
  DEPTH_EXCEEDED: info(
    9,
    false,
    'the event ends a chain of events that caused each other, which is longer than allowed',
  ),
  BUS_CLOSED: info(9, false, 'the event bus was stopped'),
  EVENT_PROTOCOL_VIOLATION: info(
    3,
    false,
    'the other side broke the rules by which events are sent, or sent what is none',
  ),
  EVENTS_UNSUPPORTED: info(12, false, 'the plugin takes events in none of the forms that the host knows'),
  EVENT_STREAM_STALLED: info(4, true, 'the plugin took no event for so long that the host has ended the stream'),
  HANDLER_FAILED: info(13, false, 'a handler of an event failed'),
  RESULT_FORGOTTEN: info(15, false, 'an event was handled, and what its handler returned is not kept any more'),
  EVENT_LOG_FAILED: info(14, true, 'the log behind the bus did not keep an event; subscribers got it all the same'),
  EVENT_LOG_FULL: info(8, true, 'the log behind the bus has not kept so many events yet that it gets no more'),
  EMIT_DENIED: info(7, false, 'the plugin may not publish events of this type'),
  SOURCE_FORGED: info(7, false, 'a plugin published an event in the name of somebody else'),
  RATE_LIMITED: info(8, true, 'the plugin publishes more events than it may in a second'),
  EMIT_ID_REUSED: info(6, false, 'a plugin published two different events by one client id'),
  BATCH_TOO_LARGE: info(3, false, 'a call carries more entries than the host takes at once'),

  // Durable actors.
  STORE_CONFLICT: info(10, false, 'somebody else runs the durable actor: its stored state was replaced'),
  STORE_FAILED: info(14, true, 'the store of a durable actor failed more often than its options allow'),
  SNAPSHOT_INVALID: info(15, false, 'what a durable actor stored cannot be read, or what it holds cannot be stored'),
  SNAPSHOT_TOO_NEW: info(9, false, 'a durable actor was stored by a newer version of its logic'),
  MIGRATION_FAILED: info(9, false, 'what an older version of a durable actor stored cannot be brought up to date'),

  // Stores of the lifecycle.
  STORE_UNAVAILABLE: info(14, true, 'the store cannot be reached, or did not answer; whether it did is open'),
  STORE_CLOSED: info(9, false, 'the store was closed'),
  STORE_LOCKED: info(14, true, 'another process held the lock of the database for longer than the time-out'),
  STORE_UNWRITABLE: info(
    7,
    false,
    'the database cannot be written: a directory, missing rights, a file that was replaced, …',
  ),
  STORE_FOREIGN: info(9, false, 'what is there is no database, or the one of another program'),
  STORE_NEWER: info(9, false, 'the database was written by a newer version of the package'),
  STORE_CORRUPTED: info(15, false, 'the database is damaged; nothing was repaired'),
  STORE_BUSY: info(8, true, 'more calls wait for the store than its options allow'),
  COMMIT_ABANDONED: info(10, false, 'the commit was given up: it was asked what became of it before it happened'),
  PLUGIN_STORAGE_FULL: info(8, false, "the plugin's storage would hold more keys or bytes than its quota allows"),

  // Exploring races.
  RACE_FOUND: info(9, false, 'a schedule of the scenario fails; the message has its steps and how to repeat it'),
  ENVIRONMENT_BYPASSED: info(9, false, 'code under test read real time or randomness past its environment'),
  REPLAY_DIVERGED: info(9, false, 'a recorded schedule met other options than those it was recorded with'),
  SCHEDULE_TOO_LONG: info(
    8,
    false,
    'one schedule made more decisions than the limit; the program may never come to rest',
  ),
  XSTATE_CHANGED: info(12, false, 'the installed XState lacks an internal that this package hooks into'),
} as const satisfies Record<string, CodeInfo>;

/** The stable name of an error. */
export type Code = keyof typeof CODES;
