/** Elements inside each other in SOAP: WS-Management needs about 10. */
export const MAX_XML_DEPTH = 64;

/** Elements and attributes of one SOAP envelope. */
export const MAX_XML_NODES = 20_000;

/** Octets of an envelope that a server takes: MaxEnvelopeSizekb of a Windows server. */
export const MAX_ENVELOPE = 512_000;

/** Octets of an envelope that a client offers when nobody says otherwise (DSP0226 default). */
export const DEFAULT_ENVELOPE = 153_600;

/** Parts of one encrypted message: 512,000 octets in CredSSP's parts of 16 KiB are 32. */
export const MAX_ENCRYPTED_PARTS = 256;

/** Connections of a server at once. */
export const MAX_CONNECTIONS = 4096;

/** Connections from one address at once: a jump box keeps two for each session. */
export const MAX_CONNECTIONS_PER_ADDRESS = 2048;

/** Octets of a request's HTTP header: a ticket of a user in many groups, in base64. */
export const MAX_HTTP_HEADER = 131_072;

/** Milliseconds within which a request must have come whole. */
export const HTTP_REQUEST_WAIT = 60_000;

/** Milliseconds that a connection stays open with nothing on it. */
export const HTTP_IDLE = 120_000;

/** Messages of one authentication: CredSSP over TLS 1.2 needs about eight. */
export const MAX_AUTHENTICATION_LEGS = 16;

/** Shells of a server at once. */
export const MAX_SHELLS = 4096;

/** Shells of one user at once: Windows' MaxShellsPerUser is 30, a jump box needs more. */
export const MAX_SHELLS_PER_USER = 1024;

/** Commands of one shell that have not been terminated. */
export const MAX_COMMANDS_PER_SHELL = 64;

/** Characters of a line for a command shell: what CreateProcess takes. */
export const MAX_COMMAND_LINE = 32_767;

/** Variables that the client of a command shell sets. */
export const MAX_ENVIRONMENT = 1024;

/** Octets of what a command of a command shell gets as its input. */
export const MAX_COMMAND_INPUT = 1_048_576;

/** Milliseconds after which an unused shell is closed: IdleTimeoutms of a Windows server. */
export const DEFAULT_IDLE_TIMEOUT = 7_200_000;

/** Milliseconds that a shell that is closed waits for its commands to stop. */
export const STOP_WAIT = 10_000;

/** Milliseconds that an operation waits: MaxTimeoutms of a Windows server. */
export const MAX_OPERATION_WAIT = 60_000;

/** Milliseconds that the answer to a Command waits for the command's end, where it may tell it. */
export const OUTPUT_WITH_COMMAND_WAIT = 20;

/** Octets of a TSRequest: a ticket of a user in many groups, and more. */
export const MAX_TS_REQUEST = 131_072;

/** Tokens in one TSRequest: one is sent, the form allows several. */
export const MAX_NEGO_TOKENS = 4;

/** CLIXML elements inside each other, also by way of references; serializing goes no deeper. */
export const MAX_CLIXML_DEPTH = 100;

/** Elements of one CLIXML message, each counted as often as references repeat it. */
export const MAX_CLIXML_NODES = 500_000;

/** Characters of one CLIXML message when every reference is written out. */
export const MAX_CLIXML_TEXT = 134_217_728;

/** Octets of one PSRP message: MaximumReceivedObjectSizeMB of a Windows configuration. */
export const MAX_PSRP_MESSAGE = 10_485_760;

/** Octets of messages of one side that have not come whole: MaximumReceivedDataSizePerCommandMB. */
export const MAX_PSRP_PENDING = 52_428_800;

/** Messages of one side that have begun and not ended. */
export const MAX_PSRP_PENDING_MESSAGES = 128;

/** Octets of a fragment that is written, with its header: PowerShell's own 32 KiB. */
export const DEFAULT_FRAGMENT = 32_768;

/** Pipelines of one runspace pool that have not ended. */
export const MAX_PIPELINES = 64;

/** Runspaces that a client may ask for. */
export const MAX_RUNSPACES = 1024;

/** Commands of one CREATE_PIPELINE message, in all its statements. */
export const MAX_PIPELINE_COMMANDS = 1024;

/** Host calls of a runspace pool or pipeline that were not answered. */
export const MAX_HOST_CALLS = 1024;

/** Objects that a client sent and its pipeline did not take yet. */
export const MAX_WAITING_INPUT = 65_536;

/** Milliseconds between two looks for shells that have been idle for too long. */
export const IDLE_SWEEP = 30_000;

/** Characters of a session configuration's or role capability's file. */
export const MAX_CONFIGURATION_FILE = 1_048_576;

/** Session configurations of one host. */
export const MAX_CONFIGURATIONS = 1024;

/** Folders of modules in which role capabilities are looked for, and modules in each. */
export const MAX_ROLE_FOLDERS = 1024;

/** Characters that a transcript shows of one argument. */
export const MAX_TRANSCRIPT_ARGUMENT = 1024;

/**
 * Characters of one line that `pwsh` writes: a fragment of 32 KiB in base64, with room to spare.
 */
export const MAX_PWSH_LINE = 1_048_576;

/** Milliseconds that `pwsh` has to end by itself when its session is closed. */
export const PWSH_CLOSE_WAIT = 2_000;
