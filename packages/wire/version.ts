/** The AIStore version that nodes report: clients compare `major.minor` with theirs (wire-compat 5.5). */
export const AIS_VERSION = "5.0.0-ts";
