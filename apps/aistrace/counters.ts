/** What aistrace has done since it started. One object is passed to every part that counts. */
export class Counters {
  requests = 0;
  receivedBytes = 0;
  /** Of requests that could be decoded: stored and refused ones. */
  spansReceived = 0;
  spansStored = 0;
  /** Not valid: answered with a partial success. */
  spansRefused = 0;
  spansEvicted = 0;
  /** Whole requests by reason. */
  readonly requestsRefused = { malformed: 0, overload: 0, unavailable: 0 };
}
