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
  PLUGIN_UNRESPONSIVE: info(14, true, 'the process missed too many health checks and was ended'),
  PLUGIN_STOPPED: info(9, false, 'the plugin was stopped and will not come back'),
  PLUGIN_QUARANTINED: info(9, false, 'the plugin crashed too often and is not restarted until it is reset'),
  KILL_TIMED_OUT: info(13, false, 'the process did not end even by force'),
  OUTPUT_DROPPED: info(8, false, 'the plugin wrote more output than the host keeps; the rest was dropped'),
  LOG_LINE_MALFORMED: info(3, false, 'a line of the plugin looks like a structured log entry and is not one'),

  // Serving.
  LISTEN_FAILED: info(14, true, 'the socket to serve on could not be opened'),

  // Brokered connections.
  BROKER_TIMEOUT: info(4, false, 'the peer announced no listener for the id in time'),
  BROKER_CLOSED: info(14, false, 'the connection broker is closed'),
  BROKER_ID_IN_USE: info(6, false, 'this side already listens for the broker id'),

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
