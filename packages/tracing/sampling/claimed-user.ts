/** AIStore's lists every permission; headers are bounded by the server as well. */
const TOKEN_MAX_CHARS = 16 * 1024;
const BEARER = /^bearer +([\w-]+)\.([\w-]+)\.[\w-]*$/i;
/** The standard's claim, and the one of AIStore's tokens before 4.3. */
const USER_CLAIMS = ["sub", "username"] as const;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The user that a bearer token (JWT, RFC 7519) names; empty when `authorization` holds none. The signature is not looked
 * at, so that anybody can claim to be anybody: good for choosing samples, and for nothing else.
 */
export function claimedUser(authorization: string | null): string {
  if (authorization === null || authorization.length > TOKEN_MAX_CHARS) return "";
  const payload = BEARER.exec(authorization)?.[2];
  if (payload === undefined) return "";
  const claims = claimsOf(payload);
  for (const name of USER_CLAIMS) {
    const user = claims[name];
    if (typeof user === "string" && user !== "") return user;
  }
  return "";
}

function claimsOf(payload: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(utf8.decode(Buffer.from(payload, "base64url")));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
