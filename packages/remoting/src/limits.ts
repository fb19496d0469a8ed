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

/** Milliseconds after which an unused shell is closed: IdleTimeoutms of a Windows server. */
export const DEFAULT_IDLE_TIMEOUT = 7_200_000;

/** Milliseconds that an operation waits: MaxTimeoutms of a Windows server. */
export const MAX_OPERATION_WAIT = 60_000;

/** Octets of a TSRequest: a ticket of a user in many groups, and more. */
export const MAX_TS_REQUEST = 131_072;

/** Tokens in one TSRequest: one is sent, the form allows several. */
export const MAX_NEGO_TOKENS = 4;
