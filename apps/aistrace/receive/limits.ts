/** Largest request that a receiver takes, packed or unpacked. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Received and not yet committed, over all requests. A single message always fits. */
export const MAX_QUEUED_BYTES = 2 * MAX_MESSAGE_BYTES;
/** Bodies that are still arriving, over all requests. */
export const MAX_RECEIVING_BYTES = 2 * MAX_MESSAGE_BYTES;
/** Largest file of saved traces, and all that are arriving together: 50,000 spans with twenty attributes are a third of it. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** What a client is told when the queue is full. */
export const RETRY_AFTER_S = 1;
