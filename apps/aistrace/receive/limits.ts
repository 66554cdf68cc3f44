/** Largest request that a receiver takes, packed or unpacked. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Received and not yet committed, over all requests. A single message always fits. */
export const MAX_QUEUED_BYTES = 2 * MAX_MESSAGE_BYTES;
/** Bodies that are still arriving, over all requests. */
export const MAX_RECEIVING_BYTES = 2 * MAX_MESSAGE_BYTES;
/** What a client is told when the queue is full. */
export const RETRY_AFTER_S = 1;
