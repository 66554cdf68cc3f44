export interface ReplyHead {
  readonly location: string | null;
  /** 0 when the head does not say. */
  readonly contentLengthBytes: number;
  /** The server does not keep the connection. */
  readonly closes: boolean;
}

const LOCATION = /\r\nlocation: *([^\r]+)/i;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const CLOSE = /\r\nconnection: *close/i;

/** What a load generator has to know of a reply that it cannot foresee. */
export function parseReplyHead(text: string): ReplyHead {
  return {
    location: LOCATION.exec(text)?.[1] ?? null,
    contentLengthBytes: Number(CONTENT_LENGTH.exec(text)?.[1] ?? 0),
    closes: CLOSE.test(text),
  };
}
