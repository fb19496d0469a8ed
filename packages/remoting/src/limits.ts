/** Elements inside each other in SOAP: WS-Management needs about 10. */
export const MAX_XML_DEPTH = 64;

/** Elements and attributes of one SOAP envelope. */
export const MAX_XML_NODES = 20_000;

/** Octets of an envelope that a server takes: MaxEnvelopeSizekb of a Windows server. */
export const MAX_ENVELOPE = 512_000;

/** Octets of an envelope that a client offers when nobody says otherwise (DSP0226 default). */
export const DEFAULT_ENVELOPE = 153_600;
