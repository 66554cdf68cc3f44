/** What is measured runs on one core, everything else on the other, so that the load does not take the server's time. */
export const SERVER_CORE = 0;
export const OTHER_CORE = 1;
